//! The credential in a request's head: read alike for HTTP and for the upgrade to a WebSocket.

use chinwag_proto::{ErrorCode, Problem};
use http::{HeaderMap, header};

/// Returns the credential; none where the head has no `Authorization`.
///
/// Errors: `unauthorized` for two of them, another scheme than `Bearer`, or what can't be read. None is ever guessed
/// at: a proxy and this server might choose different ones.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let problem = |detail| Problem::new(ErrorCode::Unauthorized, detail);
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(problem("there are two credentials"));
    }
    let (scheme, credential) = line
        .to_str()
        .ok()
        .and_then(|line| line.split_once(' '))
        .ok_or_else(|| problem("the credential is malformed"))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(problem("the credential must be a bearer token"));
    }
    Ok(Some(credential.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, line.parse().unwrap());
        }
        let credential = bearer(&headers).map_err(|problem| problem.detail)?;
        Ok(credential.map(str::to_owned))
    }

    #[test]
    fn one_bearer_credential_is_read_in_any_case_of_the_word() {
        assert_eq!(read(&[]), Ok(None));
        for line in ["Bearer abc", "bearer  abc ", "BEARER abc"] {
            assert_eq!(read(&[line]), Ok(Some("abc".into())), "{line:?}");
        }
    }

    #[test]
    fn two_credentials_another_scheme_or_none_at_all_are_refused() {
        for lines in [
            ["Bearer abc", "Bearer abc"].as_slice(),
            &["Basic abc"],
            &["abc"],
            &[""],
        ] {
            assert!(read(lines).is_err(), "{lines:?}");
        }
    }
}
