//! The content types of static assets, by extension: wrangler's (4.164), as far as websites have such files.

/// `None` is served without a type. Text is in UTF-8.
pub(super) fn of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    let extension = extension.to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(known, _)| known.split(' ').any(|known| known == extension))
        .map(|(_, kind)| *kind)
}

/// Every extension that has a type here.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    TYPES.iter().flat_map(|(extensions, _)| extensions.split(' '))
}

const TYPES: &[(&str, &str)] = &[
    ("html htm shtml", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js mjs", "text/javascript; charset=utf-8"),
    ("cjs", "application/node"),
    ("jsx", "text/jsx; charset=utf-8"),
    ("ts", "video/mp2t"),
    ("txt text log conf ini", "text/plain; charset=utf-8"),
    ("md markdown", "text/markdown; charset=utf-8"),
    ("mdx", "text/mdx; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("tsv", "text/tab-separated-values; charset=utf-8"),
    ("ics", "text/calendar; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("srt", "application/x-subrip"),
    ("yaml yml", "text/yaml; charset=utf-8"),
    ("toml", "application/toml"),
    ("json map", "application/json"),
    ("json5", "application/json5"),
    ("jsonld", "application/ld+json"),
    ("geojson", "application/geo+json"),
    ("webmanifest", "application/manifest+json"),
    ("manifest appcache", "text/cache-manifest; charset=utf-8"),
    ("xml xsd xsl", "application/xml"),
    ("xslt", "application/xslt+xml"),
    ("xhtml xht", "application/xhtml+xml"),
    ("rss", "application/rss+xml"),
    ("atom", "application/atom+xml"),
    ("rdf", "application/rdf+xml"),
    ("wasm", "application/wasm"),
    ("pdf", "application/pdf"),
    ("rtf", "application/rtf"),
    ("epub", "application/epub+zip"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("bz2", "application/x-bzip2"),
    ("7z", "application/x-7z-compressed"),
    ("rar", "application/vnd.rar"),
    ("jar", "application/java-archive"),
    ("apk", "application/vnd.android.package-archive"),
    ("svg svgz", "image/svg+xml"),
    ("png", "image/png"),
    ("apng", "image/apng"),
    ("jpg jpeg jpe", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("jxl", "image/jxl"),
    ("ico", "image/vnd.microsoft.icon"),
    ("bmp", "image/bmp"),
    ("tif tiff", "image/tiff"),
    ("psd", "image/vnd.adobe.photoshop"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("ttc", "font/collection"),
    ("otf", "font/otf"),
    ("eot", "application/vnd.ms-fontobject"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("ogg oga opus", "audio/ogg"),
    ("flac", "audio/x-flac"),
    ("mid midi", "audio/midi"),
    ("aif aiff", "audio/x-aiff"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m3u", "audio/x-mpegurl"),
    ("mpd", "application/dash+xml"),
    ("mp4 mp4v", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
    ("ogv", "video/ogg"),
    ("mpeg mpg", "video/mpeg"),
    ("avi", "video/x-msvideo"),
    ("mkv", "video/x-matroska"),
    ("3gp", "video/3gpp"),
    ("flv", "video/x-flv"),
    ("wmv", "video/x-ms-wmv"),
    ("m4s", "video/iso.segment"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("usdz", "model/vnd.usdz+zip"),
    ("obj", "model/obj"),
    ("stl", "model/stl"),
    ("mtl", "model/mtl"),
    ("ktx2", "image/ktx2"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("pages", "application/vnd.apple.pages"),
    ("numbers", "application/vnd.apple.numbers"),
    ("key", "application/vnd.apple.keynote"),
    ("bin dmg exe iso deb msi dll", "application/octet-stream"),
    ("sql", "application/sql"),
    ("sh", "application/x-sh"),
    ("swf", "application/x-shockwave-flash"),
    ("ps ai eps", "application/postscript"),
    ("vcf", "text/x-vcard; charset=utf-8"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("kmz", "application/vnd.google-earth.kmz"),
    ("gpx", "application/gpx+xml"),
    ("ttml", "application/ttml+xml"),
    ("torrent", "application/x-bittorrent"),
    ("crx", "application/x-chrome-extension"),
    ("pem crt", "application/x-x509-ca-cert"),
    ("cer", "application/pkix-cert"),
    ("p12", "application/x-pkcs12"),
    ("asc", "application/pgp-keys"),
    ("sig", "application/pgp-signature"),
    ("less", "text/less; charset=utf-8"),
    ("sass", "text/x-sass; charset=utf-8"),
    ("scss", "text/x-scss; charset=utf-8"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_extension() {
        assert_eq!(of("/a/index.HTML"), Some("text/html; charset=utf-8"));
        assert_eq!(of("/app.mjs"), Some("text/javascript; charset=utf-8"));
        assert_eq!(of("/LICENSE"), None);
        assert_eq!(of("/a.b/LICENSE"), None);
        assert_eq!(of("/a/.html"), None);
    }
}
