//! `chinwag chat`

use anyhow::Result;
use chinwag_server::config::Config;

use crate::chat;

/// Chat at this terminal.
///
/// Signs in as a user: by CHINWAG_TOKEN where that is set; without a password at the server of this data directory,
/// whose control socket the caller may open; else by a password, which is asked for (from the first line of standard
/// input where that is no terminal).
///
/// Where standard input or output is no terminal, or with --plain, lines come and go without colours or cursor: each
/// line is said in the open chat, or a command (/help lists them), and done before the next is read. Messages read
/// "#PLACE TIME USER: TEXT", further lines of one are indented, notes begin with "· " and problems with "! ". The
/// program ends with its input, when all that was said is kept by the server, and fails if a command did.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The user to chat as; CHINWAG_TOKEN names one by itself.
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,
    /// The server; where none is named, the one of this data directory.
    #[arg(long, value_name = "URL", env = "CHINWAG_SERVER")]
    server: Option<String>,
    /// Make the user first.
    #[arg(long)]
    register: bool,
    /// The name that people see, with --register.
    #[arg(long, requires = "register")]
    name: Option<String>,
    /// Write lines for a program, also at a terminal.
    #[arg(long)]
    plain: bool,
    /// Stay after standard input has ended.
    #[arg(long)]
    follow: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let who = chat::Who {
        user: arguments.user,
        server: arguments.server,
        register: arguments.register,
        name: arguments.name,
        token: std::env::var("CHINWAG_TOKEN")
            .ok()
            .filter(|token| !token.is_empty()),
    };
    let signed_in = chat::sign_in(who, &config).await?;
    let manner = chat::Manner {
        plain: arguments.plain,
        follow: arguments.follow,
    };
    chat::run(signed_in, manner).await
}
