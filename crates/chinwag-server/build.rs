//! Lists the web client's built files, so that they become part of the program.

use std::{
    env,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
};

/// Where `npm run build` of `web/` puts them; the folder above is always there, so that cargo looks only there.
const BUILT: &str = "../../web/dist/client";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../web/dist");
    let mut files = Vec::new();
    let built = root.join(BUILT);
    if built.is_dir() {
        collect(&built, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| !is_encoded(file)) {
        write_entry(&mut table, &built, file)?;
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("web_files.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_encoded(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "gz" || extension == "br")
}

fn write_entry(table: &mut String, built: &Path, file: &Path) -> io::Result<()> {
    let relative = file.strip_prefix(built).expect("it was found there");
    let path = format!("/{}", relative.to_string_lossy().replace('\\', "/"));
    let mut hasher = DefaultHasher::new();
    fs::read(file)?.hash(&mut hasher);
    let encoded = |extension: &str| {
        let sibling = PathBuf::from(format!("{}.{extension}", file.display()));
        if sibling.is_file() {
            format!("Some(include_bytes!({:?}))", sibling.display().to_string())
        } else {
            "None".to_owned()
        }
    };
    writeln!(
        table,
        "File {{ path: {path:?}, etag: \"\\\"{:016x}\\\"\", plain: include_bytes!({:?}), gzip: {}, brotli: {} }},",
        hasher.finish(),
        file.display().to_string(),
        encoded("gz"),
        encoded("br"),
    )
    .expect("a String takes everything");
    Ok(())
}
