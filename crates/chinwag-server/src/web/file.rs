//! The files that the build of `web/` made, as `build.rs` found them.

/// One file, with what its build compressed.
#[derive(Debug)]
pub(super) struct File {
    /// Its address, such as `/assets/app-1a2b3c4d.js`.
    pub(super) path: &'static str,
    /// Changes with its content; quoted.
    pub(super) etag: &'static str,
    pub(super) plain: &'static [u8],
    pub(super) gzip: Option<&'static [u8]>,
    pub(super) brotli: Option<&'static [u8]>,
}

/// Every file; none where the client wasn't built before this program.
pub(super) const BUILT: &[File] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

impl File {
    /// Returns its media type; the client is made of these kinds of file and no others.
    pub(super) fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, end)| end) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" => "application/json",
            "webmanifest" => "application/manifest+json",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => "application/octet-stream",
        }
    }

    /// Tells whether its name changes with its content, so that it can be kept for ever.
    pub(super) fn is_immutable(&self) -> bool {
        self.path.starts_with("/assets/")
    }

    /// Returns the smallest form that a client takes, and the name of its encoding.
    ///
    /// `accepted`: the `Accept-Encoding` header. A weight of 0 refuses; other weights don't matter to us.
    pub(super) fn encoded_for(&self, accepted: &str) -> (&'static [u8], Option<&'static str>) {
        let takes = |name: &str| {
            accepted.split(',').any(|entry| {
                let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
                let refused = weight
                    .trim()
                    .strip_prefix("q=")
                    .is_some_and(|q| q.parse() == Ok(0.0_f32));
                coding.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        let forms = [("br", self.brotli), ("gzip", self.gzip)];
        forms
            .into_iter()
            .find_map(|(name, bytes)| bytes.filter(|_| takes(name)).map(|form| (form, Some(name))))
            .unwrap_or((self.plain, None))
    }
}
