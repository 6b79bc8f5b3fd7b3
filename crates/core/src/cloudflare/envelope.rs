//! The envelope around every JSON answer: `{success, errors, messages, result, result_info}`.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::{Cause, Code, Refusal};
use super::needs::Needs;
use crate::retry::Answer;

/// How much of an unreadable answer is quoted.
const EXCERPT: usize = 200;

#[derive(Deserialize)]
struct Head {
    success: bool,
    #[serde(default)]
    errors: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    message: String,
    /// Where older endpoints, DNS among them, put the code that says what is wrong.
    #[serde(default)]
    error_chain: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Tail<T> {
    result: Option<T>,
    result_info: Option<Page>,
}

/// Where a list stands.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    #[serde(rename = "page")]
    pub number: Option<u64>,
    /// May be less than what was asked for.
    #[serde(rename = "per_page")]
    pub size: Option<u64>,
    pub total_pages: Option<u64>,
    pub total_count: Option<u64>,
}

/// A successful answer's result, and where the list stands.
pub(super) struct Opened<T> {
    pub result: T,
    pub page: Option<Page>,
}

fn flatten(items: Vec<Item>, codes: &mut Vec<Code>) {
    for item in items {
        let code = Code {
            code: item.code,
            message: item.message,
        };
        // A chain may repeat its parent.
        if !codes.contains(&code) {
            codes.push(code);
        }
        flatten(item.error_chain.unwrap_or_default(), codes);
    }
}

fn unreadable(answer: &Answer, problem: impl Into<String>) -> Cause {
    Cause::Unreadable {
        status: answer.status.as_u16(),
        ray: answer.header("cf-ray").to_owned(),
        problem: problem.into(),
        excerpt: answer.excerpt(EXCERPT),
        challenged: answer.header("cf-mitigated") == "challenge",
    }
}

/// The refusal in an answer that is not a success, or `None` when it is one.
pub(super) fn refusal(answer: &Answer, needs: Option<&Needs>) -> Result<Option<Refusal>, Cause> {
    // Deleting a Worker answers 200 with nothing at all.
    if answer.body.is_empty() && answer.status.is_success() {
        return Ok(None);
    }
    let head: Head = match serde_json::from_slice(&answer.body) {
        Ok(head) => head,
        Err(_) if serde_json::from_slice::<IgnoredAny>(&answer.body).is_err() => {
            return Err(unreadable(answer, "not JSON"));
        }
        Err(error) => return Err(unreadable(answer, format!("not an envelope: {error}"))),
    };
    if head.success && answer.status.is_success() {
        return Ok(None);
    }
    let mut codes = Vec::new();
    flatten(head.errors.unwrap_or_default(), &mut codes);
    Ok(Some(Refusal {
        status: answer.status.as_u16(),
        codes,
        ray: answer.header("cf-ray").to_owned(),
        needs: needs.cloned(),
        after_unclear: answer.after_unclear,
    }))
}

/// Opens an answer: its result, or why there is none.
pub(super) fn open<T: DeserializeOwned>(answer: &Answer, needs: Option<&Needs>) -> Result<Opened<T>, Cause> {
    if let Some(refusal) = refusal(answer, needs)? {
        return Err(Cause::Refused(Box::new(refusal)));
    }
    let body: &[u8] = if answer.body.is_empty() { b"{}" } else { &answer.body };
    let tail: Tail<T> = serde_json::from_slice(body).map_err(|error| unreadable(answer, error.to_string()))?;
    let result = match tail.result {
        Some(result) => result,
        // `result: null` is a success of deletes: right for `()` and `Option`, wrong for the rest.
        None => T::deserialize(serde_json::Value::Null).map_err(|_| unreadable(answer, "`result` is null"))?,
    };
    Ok(Opened {
        result,
        page: tail.result_info,
    })
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, body: impl Into<String>) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("cf-ray", "8a1-AMS".parse().unwrap());
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into().into(),
            after_unclear: false,
        }
    }

    fn cause<T: DeserializeOwned>(answer: &Answer) -> String {
        open::<T>(answer, None).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn codes_come_from_both_levels() {
        let body = json!({"success": false, "result": {}, "messages": ["x"], "errors": [
            {"code": 1004, "message": "DNS Validation Error", "error_chain": [{"code": 9021, "message": "Invalid TTL"}]}
        ]});
        insta::assert_snapshot!(cause::<Vec<u8>>(&answer(400, body.to_string())),
            @"Cloudflare answered 400 (code 1004, 9021, ray 8a1-AMS): DNS Validation Error: Invalid TTL");
    }

    #[test]
    fn an_error_page_is_quoted_and_a_failure_without_codes_stays_one() {
        insta::assert_snapshot!(cause::<Value>(&answer(502, "<html>\n <h1>Bad gateway</h1>")),
            @"Cloudflare answered 502 (ray 8a1-AMS) with something that cannot be read (not JSON): <html> <h1>Bad gateway</h1>");
        insta::assert_snapshot!(cause::<Value>(&answer(400, r#"{"success":false,"errors":null}"#)),
            @"Cloudflare answered 400 (ray 8a1-AMS)");
        // Never believe `success` against the status, nor a status against `success`.
        assert!(open::<Value>(&answer(403, r#"{"success":true,"result":1}"#), None).is_err());
        assert!(open::<Value>(&answer(200, r#"{"success":false,"result":1}"#), None).is_err());
    }

    #[test]
    fn nothing_is_a_result_only_where_it_may_be() {
        open::<()>(&answer(200, ""), None).map(|_| ()).unwrap();
        open::<()>(&answer(200, r#"{"success":true,"result":null}"#), None)
            .map(|_| ())
            .unwrap();
        assert_eq!(
            open::<Option<u8>>(&answer(200, r#"{"success":true}"#), None)
                .map(|o| o.result)
                .unwrap(),
            None
        );
        assert!(cause::<u8>(&answer(200, r#"{"success":true,"result":null}"#)).contains("`result` is null"));
    }
}
