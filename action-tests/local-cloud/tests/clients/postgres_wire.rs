//! The proxy in front of a branch, byte by byte: what drivers do before and beside their queries.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::neon_world::branch;
use crate::world::World;

const SSL_REQUEST: u32 = 80_877_103;
const CANCEL_REQUEST: u32 = 80_877_102;
const VERSION_3: u32 = 3 << 16;

fn packet(code: u32, rest: &[u8]) -> Vec<u8> {
    let length = u32::try_from(rest.len() + 8).unwrap();
    [&length.to_be_bytes(), &code.to_be_bytes(), rest].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

/// Reads messages up to one of `kind` and returns its body.
async fn read_until(stream: &mut TcpStream, kind: u8) -> Vec<u8> {
    loop {
        let seen = stream.read_u8().await.unwrap();
        let mut body = vec![0; usize::try_from(stream.read_u32().await.unwrap()).unwrap() - 4];
        stream.read_exact(&mut body).await.unwrap();
        if seen == kind {
            return body;
        }
        assert_ne!(seen, b'E', "{}", String::from_utf8_lossy(&body));
    }
}

/// Logs in the way that libpq does with `sslmode=prefer`; returns the key for cancelling, too.
async fn login(address: &str, connection: &Value) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&packet(SSL_REQUEST, &[])).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'N', "no TLS here");
    let startup = b"user\0neondb_owner\0database\0neondb\0options\0endpoint=ep-x\0\0";
    stream.write_all(&packet(VERSION_3, startup)).await.unwrap();
    assert_eq!(
        read_until(&mut stream, b'R').await,
        [0, 0, 0, 3],
        "asks for the password"
    );
    let password = format!("{}\0", connection["password"].as_str().unwrap());
    stream.write_all(&message(b'p', password.as_bytes())).await.unwrap();
    assert_eq!(read_until(&mut stream, b'R').await, [0, 0, 0, 0], "is in");
    let key = read_until(&mut stream, b'K').await;
    read_until(&mut stream, b'Z').await;
    (stream, key)
}

/// The code of an error message.
fn code(body: &[u8]) -> String {
    let field = body
        .split(|byte| *byte == 0)
        .find(|field| field.first() == Some(&b'C'))
        .unwrap();
    String::from_utf8(field[1..].to_vec()).unwrap()
}

#[tokio::test]
async fn a_query_is_cancelled_through_the_proxy_and_sessions_end_with_their_branch() {
    let world = World::with_runtime().await;
    let created = branch(&world, "a").await;
    let connection = &created["connection_uris"][0];
    let uri = connection["connection_uri"].as_str().unwrap();
    let address = uri.split(['@', '/']).nth(3).unwrap();
    let (mut session, key) = login(address, &connection["connection_parameters"]).await;
    session
        .write_all(&message(b'Q', b"select pg_sleep(60)\0"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;

    let mut side = TcpStream::connect(address).await.unwrap();
    side.write_all(&packet(CANCEL_REQUEST, &key)).await.unwrap();
    let cancelled = tokio::time::timeout(Duration::from_secs(20), read_until(&mut session, b'E')).await;
    assert_eq!(code(&cancelled.unwrap()), "57014");
    read_until(&mut session, b'Z').await;

    let path = format!("/branches/{}", created["branch"]["id"].as_str().unwrap());
    crate::neon_world::done(&world, "DELETE", &path, Value::Null).await;
    assert_eq!(code(&read_until(&mut session, b'E').await), "57P01");
    assert_eq!(session.read(&mut [0]).await.unwrap(), 0, "closed");
    world.cloud.stop().await;
}
