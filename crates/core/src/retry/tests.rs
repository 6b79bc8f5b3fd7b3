use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::routing::any;

use super::*;

fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers.collect(),
        body: Bytes::new(),
        after_unclear: false,
    }
}

#[test]
fn a_wait_is_told_in_seconds_or_by_a_date() {
    let seconds = |headers: &[(&'static str, &str)]| retry_after(&answer(429, headers)).map(|wait| wait.as_secs());
    assert_eq!(seconds(&[]), None);
    assert_eq!(seconds(&[("retry-after", " 7 ")]), Some(7));
    assert_eq!(seconds(&[("retry-after", "0")]), Some(0));
    // More than any clock holds.
    assert_eq!(seconds(&[("retry-after", "18446744073709551615")]), Some(u64::MAX));
    assert_eq!(seconds(&[("retry-after", "99999999999999999999999")]), Some(u64::MAX));
    for odd in ["-1", "1.5", "soon", "1 s"] {
        assert_eq!(seconds(&[("retry-after", odd)]), None, "{odd}");
    }
    // By the server's clock, whatever ours says.
    let date = ("date", "Fri, 27 Nov 2026 21:00:00 GMT");
    assert_eq!(
        seconds(&[date, ("retry-after", "Fri, 27 Nov 2026 21:02:05 GMT")]),
        Some(125)
    );
    // A wrong day of the week changes nothing; what is past is now.
    assert_eq!(
        seconds(&[date, ("retry-after", "Mon, 27 Nov 2026 21:00:09 GMT")]),
        Some(9)
    );
    assert_eq!(
        seconds(&[date, ("retry-after", "Fri, 27 Nov 2026 20:00:00 GMT")]),
        Some(0)
    );
    let later = Timestamp::now() + jiff::SignedDuration::from_secs(100);
    let later = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&later)
        .unwrap();
    assert!((98..=100).contains(&seconds(&[("retry-after", &later)]).unwrap()));
}

/// A server that answers the n-th request as told, the last answer from then on.
async fn server(answers: &'static [(u16, &'static str)]) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let handler = any(move || {
        let (status, wait) = answers[count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1)];
        async move {
            let mut headers = HeaderMap::new();
            if !wait.is_empty() {
                headers.insert("retry-after", HeaderValue::from_static(wait));
            }
            (StatusCode::from_u16(status).unwrap(), headers)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/thing", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
    (url, asked)
}

fn verdict(answer: &Answer) -> Verdict {
    match answer.status.as_u16() {
        429 => Verdict::Refused,
        404 => Verdict::NotYet,
        500.. => Verdict::Unclear,
        _ => Verdict::Final,
    }
}

fn patience(total_ms: u64) -> Patience {
    Patience {
        total: Duration::from_millis(total_ms),
        first: Duration::from_millis(20),
        youth: Duration::from_millis(100),
        ..Patience::default()
    }
}

async fn ask_in(tries: &mut Tries, repeat: Repeat, url: &str) -> Result<Answer, NoAnswer> {
    let http = crate::http::client().unwrap();
    send(tries, repeat, verdict, retry_after, || http.post(url)).await
}

async fn ask(patience: &Patience, repeat: Repeat, url: &str) -> Result<Answer, NoAnswer> {
    ask_in(&mut Tries::new(patience), repeat, url).await
}

#[tokio::test]
async fn no_wait_at_all_is_no_leave_to_spin() {
    let (url, asked) = server(&[(429, "0")]).await;
    let answer = ask(&patience(500), Repeat::Safe, &url).await.unwrap();
    assert_eq!(answer.status, 429);
    let asked = asked.load(Ordering::Relaxed);
    assert!((3..=6).contains(&asked), "{asked} requests in half a second");
}

#[tokio::test]
async fn a_wait_beyond_the_patience_ends_it_at_once() {
    for wait in ["300", "18446744073709551615", "Wed, 01 Dec 9999 23:59:59 GMT"] {
        let began = Instant::now();
        let (url, asked) = server(Vec::leak(vec![(429, wait)])).await;
        assert_eq!(ask(&Patience::default(), Repeat::Safe, &url).await.unwrap().status, 429);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{wait}");
        assert!(began.elapsed() < Duration::from_secs(2));
    }
    assert!(Patience::to_finish().total > Duration::from_mins(5));
    // Nor does a patience that no clock holds panic.
    let endless = Patience {
        total: Duration::MAX,
        ..Patience::default()
    };
    let (url, _) = server(&[(503, ""), (200, "")]).await;
    assert_eq!(ask(&endless, Repeat::Safe, &url).await.unwrap().status, 200);
}

#[tokio::test]
async fn youth_is_for_404s_alone() {
    // A limit that outlasts youth is waited for; the 404s after it have all of their time.
    let (url, asked) = server(&[(404, ""), (429, "1"), (404, ""), (200, "")]).await;
    let mut young = patience(10_000);
    young.youth = Duration::from_secs(2);
    assert_eq!(ask(&young, Repeat::Safe, &url).await.unwrap().status, 200);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    // What stays 404 is not there.
    let (url, asked) = server(&[(404, "")]).await;
    let began = Instant::now();
    assert_eq!(ask(&patience(10_000), Repeat::Safe, &url).await.unwrap().status, 404);
    assert!(began.elapsed() < Duration::from_secs(1) && asked.load(Ordering::Relaxed) > 1);
}

#[tokio::test]
async fn what_an_earlier_try_may_have_done_is_remembered() {
    let (url, _) = server(&[(500, ""), (410, "")]).await;
    assert!(ask(&patience(5000), Repeat::Safe, &url).await.unwrap().after_unclear);
    let (url, _) = server(&[(429, ""), (410, "")]).await;
    assert!(!ask(&patience(5000), Repeat::Safe, &url).await.unwrap().after_unclear);
}

#[derive(Debug, PartialEq)]
struct Failed(u16);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}", self.0)
    }
}

/// Creates at `url`; the look-ups find the thing from the n-th on (1 is the first).
async fn create(url: &str, found_at: usize) -> (Result<Written<u16>, Failed>, usize, Duration) {
    let looks = AtomicUsize::new(0);
    let began = Instant::now();
    let ask = async |tries: &mut Tries| {
        let status = ask_in(tries, Repeat::Unsafe, url).await.unwrap().status.as_u16();
        if status == 200 { Ok(status) } else { Err(Failed(status)) }
    };
    let doubt = |failed: &Failed| match failed.0 {
        409 => Doubt::Taken,
        500.. => Doubt::Unclear,
        _ => Doubt::None,
    };
    let look = async || Ok((looks.fetch_add(1, Ordering::Relaxed) + 1 >= found_at).then_some(0));
    let mut tries = Tries::new(&Patience {
        creates: 3,
        ..patience(10_000)
    });
    let written = settled(&mut tries, ask, doubt, look).await;
    (written, looks.load(Ordering::Relaxed), began.elapsed())
}

#[tokio::test]
async fn a_create_waits_as_it_was_asked_to_looks_and_asks_again() {
    let (url, asked) = server(&[(503, "1"), (200, "")]).await;
    let (written, looks, took) = create(&url, 9).await;
    assert_eq!((written, looks), (Ok(Written::Made(200)), 1));
    assert!(took >= Duration::from_secs(1), "{took:?}: asked again before its time");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_found_was_there_or_is_ours() {
    let (url, asked) = server(&[(500, "")]).await;
    assert_eq!(create(&url, 1).await.0, Ok(Written::Recovered(0)));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // Made by the first try, but not to be seen at once.
    let (url, _) = server(&[(500, ""), (409, "")]).await;
    assert_eq!(create(&url, 2).await.0, Ok(Written::Recovered(0)));
    let (url, _) = server(&[(409, "")]).await;
    let (written, looks, _) = create(&url, 1).await;
    assert_eq!((written.unwrap().changed(), looks), (false, 1));
}

#[tokio::test]
async fn a_create_that_never_works_ends() {
    let (url, asked) = server(&[(500, "")]).await;
    let (written, looks, _) = create(&url, 99).await;
    // A last look, since the last try may have worked as well.
    assert_eq!(
        (written, looks, asked.load(Ordering::Relaxed)),
        (Err(Failed(500)), 3, 3)
    );
    let (url, asked) = server(&[(400, "")]).await;
    assert_eq!(
        (create(&url, 1).await.0, asked.load(Ordering::Relaxed)),
        (Err(Failed(400)), 1)
    );
    // Nor is one waited for that asks for more than there is.
    let (url, _) = server(&[(503, "3600")]).await;
    let (written, looks, took) = create(&url, 99).await;
    assert_eq!((written, looks), (Err(Failed(503)), 1));
    assert!(took < Duration::from_secs(2), "{took:?}");
}
