//! Forwards a request to workerd, its answer streamed back.

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Tells the runtime which Worker was decided on.
const CHOSEN: &str = "mf-local-worker";

/// Sends the request to `workerd` (a base URL), for the Worker `internal`.
pub(super) async fn forward(
    workerd: &str,
    internal: &str,
    ray: &str,
    mut request: Request,
) -> anyhow::Result<Response> {
    let address = workerd
        .strip_prefix("http://")
        .context("the runtime's workerd is not reached over http")?
        .trim_end_matches('/');
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Drives the connection until the answer's body has been read or dropped.
    tokio::spawn(connection);

    let path = request.uri().path_and_query().map_or("/", |it| it.as_str()).to_owned();
    *request.uri_mut() = path.parse()?;
    let headers = request.headers_mut();
    headers.insert(CHOSEN, HeaderValue::from_str(internal)?);
    headers.insert("cf-ray", HeaderValue::from_str(ray)?);
    headers.insert("cf-connecting-ip", HeaderValue::from_static("127.0.0.1"));
    headers.remove(header::CONNECTION);

    let mut response = sender.send_request(request).await?.map(Body::new);
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        response.headers_mut().remove(name);
    }
    response.headers_mut().remove("keep-alive");
    Ok(response)
}
