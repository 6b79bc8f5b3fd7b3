//! Proxies of the environment: plain requests in absolute form, TLS through a tunnel.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use scenarios::{Start, World};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::servers::{Certificate, HEALTHY, Server, Tls, answer};

/// A proxy that notes what it is asked for, and takes every name for this machine.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        Self::leading(None, None).await
    }

    /// A start that asks through it for every name but this machine's own.
    pub(crate) fn beyond_here<'a>(&self, start: Start<'a>) -> Start<'a> {
        start
            .env("HTTP_PROXY", format!("http://{}", self.address))
            .env("NO_PROXY", "127.0.0.1")
    }

    /// One that leads all to this address, whatever port was asked for.
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::leading(Some(address), None).await
    }

    /// A proxy that answers 407 to whoever does not give these credentials (`user:password` in base64).
    async fn that_wants(login: &'static str) -> Self {
        Self::leading(None, Some(login)).await
    }

    async fn leading(to: Option<SocketAddr>, login: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let notes = asked.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let notes = notes.clone();
                tokio::spawn(async move { serve(stream, &notes, to, login).await });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    notes: &Mutex<Vec<String>>,
    to: Option<SocketAddr>,
    login: Option<&str>,
) -> std::io::Result<()> {
    let mut client = BufReader::new(stream);
    let mut head = String::new();
    while client.read_line(&mut head).await? > 2 {}
    let request = head.lines().next().unwrap_or_default().to_owned();
    notes.lock().unwrap().push(request.clone());
    if login.is_some_and(|login| !head.contains(&format!("asic {login}\r\n"))) {
        return client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await;
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let host = target
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let port: u16 = host.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap();
    let mut server = TcpStream::connect(to.unwrap_or(([127, 0, 0, 1], port).into())).await?;
    if request.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    } else {
        server.write_all(head.as_bytes()).await?;
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

#[tokio::test]
async fn plain_requests_and_tunnels_go_through_the_proxy() {
    let world = World::start().await;
    let (proxy, plain) = (Proxy::start().await, Server::start(vec![answer(200, HEALTHY)]).await);
    let secure = Tls::start(Certificate::For("api.example.com"), 0).await;
    let (http, https) = (plain.address.port(), secure.address.port());
    let run = world
        .run("health-check")
        .input(
            "urls",
            format!("http://api.example.com:{http}/health\nhttps://api.example.com:{https}/health"),
        )
        .input("ca", secure.ca.as_str())
        .env("HTTP_PROXY", format!("http://{}", proxy.address))
        .env("HTTPS_PROXY", format!("http://{}", proxy.address))
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    let mut asked = proxy.asked();
    asked.sort();
    assert_eq!(
        asked,
        [
            format!("CONNECT api.example.com:{https} HTTP/1.1"),
            format!("GET http://api.example.com:{http}/health HTTP/1.1"),
        ]
    );
    world.finish().await;
}

#[tokio::test]
async fn what_no_proxy_names_is_asked_directly() {
    let world = World::start().await;
    let (proxy, plain) = (Proxy::start().await, Server::start(vec![answer(200, HEALTHY)]).await);
    let run = world
        .run("health-check")
        .input("urls", plain.url("/health"))
        .env("HTTP_PROXY", format!("http://{}", proxy.address))
        .env("NO_PROXY", "127.0.0.1")
        .go()
        .await;
    assert_eq!(run.code, 0, "{run}");
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
    world.finish().await;
}

#[tokio::test]
async fn a_proxy_with_credentials_gets_them_for_plain_requests_and_tunnels() {
    let world = World::start().await;
    let proxy = Proxy::that_wants("dXNlcjpzM2NyM3QtcHJveHk=").await;
    let plain = Server::start(vec![answer(200, HEALTHY)]).await;
    let secure = Tls::start(Certificate::For("api.example.com"), 0).await;
    let (http, https) = (plain.address.port(), secure.address.port());
    let with = |proxy: String| {
        world
            .run("health-check")
            .input(
                "urls",
                format!("http://api.example.com:{http}/health\nhttps://api.example.com:{https}/health"),
            )
            .input("ca", secure.ca.as_str())
            .input("grace", "0s")
            .env("HTTP_PROXY", &proxy)
            .env("HTTPS_PROXY", proxy)
    };
    let run = with(format!("http://user:s3cr3t-proxy@{}", proxy.address)).go().await;
    assert_eq!(run.code, 0, "{run}");
    assert!(run.masks().iter().any(|mask| mask == "s3cr3t-proxy"), "{run}");

    let run = with(format!("http://{}", proxy.address)).go().await;
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(
        run.error().matches("the proxy wants a login (407)").count(),
        2,
        "{}",
        run.error()
    );
    assert!(
        run.error().contains("hint: put user and password into the proxy's URL"),
        "{}",
        run.error()
    );
    world.finish().await;
}
