//! What is read is what was sent: a body without its content encoding, in UTF-8.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// A body as it is judged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) text: Vec<u8>,
    /// It goes on after what was read.
    pub(super) cut: bool,
    /// Why it cannot be read.
    pub(super) problem: Option<String>,
}

/// Decodes `sent`, of which `cut` says that it is only the start, to at most `most` bytes.
pub(super) fn decode(sent: Vec<u8>, cut: bool, headers: &HeaderMap, most: usize) -> Body {
    let mut body = Body {
        text: sent,
        cut,
        problem: None,
    };
    // HEAD, 204 and 304 have the header and no body.
    if body.text.is_empty() {
        return body;
    }
    // The last one was put on last.
    let encodings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let encodings: Vec<String> = encodings
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "identity")
        .collect();
    for encoding in encodings.iter().rev().take(3) {
        body = unpack(&body, encoding, most);
        if body.problem.is_some() {
            return body;
        }
    }
    body.text = to_utf8(body.text, headers);
    body
}

fn unpack(body: &Body, encoding: &str, most: usize) -> Body {
    let packed = &body.text[..];
    let read = |reader: &mut dyn Read| up_to(reader, most);
    let unpacked = match encoding {
        "gzip" | "x-gzip" => read(&mut flate2::read::MultiGzDecoder::new(packed)),
        // RFC 9110 §8.4.1.2: zlib's format; some servers send the bare stream.
        "deflate" if packed.first().is_some_and(|byte| byte & 0x0f == 8) => {
            read(&mut flate2::read::ZlibDecoder::new(packed))
        }
        "deflate" => read(&mut flate2::read::DeflateDecoder::new(packed)),
        "br" => read(&mut brotli_decompressor::Decompressor::new(packed, 4096)),
        other => {
            return Body {
                problem: Some(format!(
                    "its body is encoded as `{}`, which is not read (gzip, deflate and br are)",
                    crate::text::shorten(other, 20)
                )),
                ..Body::default()
            };
        }
    };
    let (text, longer, broken) = unpacked;
    // The start of a stream ends in the middle of it.
    let broken = broken && !body.cut;
    Body {
        problem: broken.then(|| format!("its body is said to be `{encoding}`, but cannot be decoded as that")),
        cut: body.cut || longer,
        text,
    }
}

/// What a decoder gives up to `most` bytes, whether there is more, and whether it failed.
fn up_to(reader: &mut dyn Read, most: usize) -> (Vec<u8>, bool, bool) {
    let mut text = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let failed = reader.take(limit).read_to_end(&mut text).is_err();
    let longer = text.len() > most;
    text.truncate(most);
    (text, longer, failed)
}

/// A text in UTF-8: by its byte order mark, by the content type's `charset`, by how UTF-16 looks, by a page's own word.
fn to_utf8(text: Vec<u8>, headers: &HeaderMap) -> Vec<u8> {
    if let Some((encoding, _)) = Encoding::for_bom(&text) {
        return if encoding == UTF_8 {
            text
        } else {
            encoding.decode(&text).0.into_owned().into_bytes()
        };
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
        .unwrap_or_default();
    let encoding = charset(&kind).or_else(|| match text.get(..2)? {
        [0, _] => Some(UTF_16BE),
        [_, 0] => Some(UTF_16LE),
        _ if kind.starts_with("text/html") => {
            let head = text.get(..1024).unwrap_or(&text);
            charset(&String::from_utf8_lossy(head).to_ascii_lowercase())
        }
        _ => None,
    });
    match encoding {
        Some(encoding) if encoding != UTF_8 => encoding.decode_without_bom_handling(&text).0.into_owned().into_bytes(),
        _ => text,
    }
}

/// The encoding after `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let (_, rest) = text.split_once("charset=")?;
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    let label = rest.split(['"', '\'', ';', ' ', '>', '/']).next()?;
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const MOST: usize = 1 << 20;

    fn headers(encoding: &str, kind: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(CONTENT_ENCODING, encoding), (CONTENT_TYPE, kind)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        headers
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// `hello hello hello hello` in brotli, as Node's zlib has it.
    const BROTLI: &[u8] = &[
        0x1b, 0x16, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0x96, 0x6c, 0x20, 0x6f, 0x21, 0x4f, 0x1c,
        0xe0, 0x38,
    ];

    #[test]
    fn each_encoding_is_taken_off() {
        let zlib = {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(b"hello").unwrap();
            encoder.finish().unwrap()
        };
        let bare = {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(b"hello").unwrap();
            encoder.finish().unwrap()
        };
        for (sent, encoding) in [
            (gzip(b"hello"), "gzip"),
            (gzip(b"hello"), "X-GZIP"),
            (gzip(&gzip(b"hello")), "gzip, gzip"),
            (zlib, "deflate"),
            (bare, "deflate"),
            (b"hello".to_vec(), "identity"),
        ] {
            let body = decode(sent, false, &headers(encoding, ""), MOST);
            assert_eq!((&body.text[..], body.problem), (&b"hello"[..], None), "{encoding}");
        }
        let body = decode(BROTLI.to_vec(), false, &headers("br", ""), MOST);
        assert_eq!((&body.text[..], body.problem), (&b"hello hello hello hello"[..], None));
    }

    #[test]
    fn what_cannot_be_decoded_is_told() {
        let body = decode(b"hello".to_vec(), false, &headers("zstd", ""), MOST);
        assert_eq!(
            body.problem.unwrap(),
            "its body is encoded as `zstd`, which is not read (gzip, deflate and br are)"
        );
        let body = decode(b"hello".to_vec(), false, &headers("gzip", ""), MOST);
        assert_eq!(
            body.problem.unwrap(),
            "its body is said to be `gzip`, but cannot be decoded as that"
        );
        let half = gzip(&vec![b'x'; 100_000]);
        let cut = decode(half[..half.len() / 2].to_vec(), true, &headers("gzip", ""), MOST);
        assert!(cut.cut && cut.problem.is_none());
    }

    #[test]
    fn a_small_body_that_unpacks_to_a_huge_one_is_cut() {
        let body = decode(gzip(&vec![b'x'; 3 * MOST]), false, &headers("gzip", ""), MOST);
        assert_eq!((body.text.len(), body.cut, body.problem), (MOST, true, None));
    }

    #[test]
    fn texts_are_read_in_their_character_set() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (sent, kind) in [
            (
                b"{\"a\":\"gr\xfc\xdfe\"}".to_vec(),
                "application/json; charset=ISO-8859-1",
            ),
            (utf16("{\"a\":\"grüße\"}"), "application/json"),
            (utf16("{\"a\":\"grüße\"}"), "application/json; charset=\"utf-16le\""),
            (utf16("\u{feff}{\"a\":\"grüße\"}"), "application/json"),
            ("{\"a\":\"grüße\"}".into(), "application/json; charset=utf-8"),
            ("{\"a\":\"grüße\"}".into(), ""),
        ] {
            let body = decode(sent, false, &headers("", kind), MOST);
            assert_eq!(String::from_utf8_lossy(&body.text), "{\"a\":\"grüße\"}", "{kind}");
        }
        let page = b"<html><meta charset='windows-1252'>\x80".to_vec();
        let body = decode(page, false, &headers("", "text/html"), MOST);
        assert!(String::from_utf8_lossy(&body.text).ends_with('€'));
    }
}
