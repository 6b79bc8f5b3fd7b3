//! The few messages of Postgres' protocol (version 3) that the proxy reads from clients and writes to them: the library
//! knows a client's side of the protocol alone.

use anyhow::{Context as _, bail};
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::ErrorResponseBody;
use tokio::io::{AsyncRead, AsyncReadExt as _};

const SSL_REQUEST: u32 = 80_877_103;
const GSS_ENCRYPTION_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;
/// Major version 3, whatever the minor one.
const VERSION_3: u32 = 3;
/// Longest message before a client is in; the server has the same limit.
const LONGEST: usize = 10_000;

/// The first packet of a connection.
pub(super) enum First {
    /// A question for TLS or Kerberos.
    Encryption,
    /// The whole packet.
    Cancel(Vec<u8>),
    Startup(Startup),
}

/// Version and parameters of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Startup {
    version: u32,
    parameters: Vec<(String, String)>,
    /// What the client names in `options`, where TLS cannot.
    endpoint: Option<String>,
}

impl Startup {
    fn parse(version: u32, body: &[u8]) -> anyhow::Result<Self> {
        let mut fields = body
            .split(|byte| *byte == 0)
            .map(|field| std::str::from_utf8(field).context("a startup parameter is no text"));
        let (mut parameters, mut endpoint) = (Vec::new(), None);
        loop {
            let name = fields.next().context("the startup packet is cut off")??;
            if name.is_empty() {
                return Ok(Self {
                    version,
                    parameters,
                    endpoint,
                });
            }
            let value = fields.next().context("the startup packet is cut off")??;
            // Neon's way to name the endpoint where TLS cannot; no option of the server's.
            match value.strip_prefix("endpoint=").filter(|_| name == "options") {
                Some(named) => endpoint = Some(named.to_owned()),
                None => parameters.push((name.to_owned(), value.to_owned())),
            }
        }
    }

    /// A session of the proxy's own.
    pub(super) fn of(user: &str) -> Self {
        Self {
            version: VERSION_3 << 16,
            parameters: vec![("user".to_owned(), user.to_owned())],
            endpoint: None,
        }
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.parameters.retain(|(known, _)| known != name);
        self.parameters.push((name.to_owned(), value.to_owned()));
    }

    /// By hand: the client's version goes with it, whatever its minor part.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        for text in self.parameters.iter().flat_map(|(name, value)| [name, value]) {
            body.extend(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        frame(None, &body)
    }
}

/// A message: kind (none for startup packets), length, body.
pub(super) fn frame(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(body.len() + 5);
    message.extend(kind);
    message.extend(length.to_be_bytes());
    message.extend(body);
    message
}

async fn read_body(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
    let length = usize::try_from(stream.read_u32().await?)?;
    if !(4..=LONGEST).contains(&length) {
        bail!("a message of {length} bytes before the login");
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

pub(super) async fn read_first(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<First> {
    let body = read_body(stream).await?;
    let (code, rest) = body.split_first_chunk().context("an empty first packet")?;
    match u32::from_be_bytes(*code) {
        SSL_REQUEST | GSS_ENCRYPTION_REQUEST => Ok(First::Encryption),
        CANCEL_REQUEST => Ok(First::Cancel(frame(None, &body))),
        version if version >> 16 == VERSION_3 => Ok(First::Startup(Startup::parse(version, rest)?)),
        other => bail!("unknown protocol version {other}"),
    }
}

/// A message with its kind.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    Ok((kind, read_body(stream).await?))
}

/// `AuthenticationOk`: the client is in.
pub(super) fn ok() -> Vec<u8> {
    frame(Some(b'R'), &0_u32.to_be_bytes())
}

/// `AuthenticationCleartextPassword`: fine on a loopback address, and every driver can do it.
pub(super) fn ask_for_password() -> Vec<u8> {
    frame(Some(b'R'), &3_u32.to_be_bytes())
}

pub(super) async fn read_password(stream: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<String> {
    let (kind, body) = read(stream).await?;
    if kind != b'p' {
        bail!("the client sent no password");
    }
    let text = body.strip_suffix(&[0]).unwrap_or(&body);
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// An error that ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fatal {
    pub(super) code: String,
    pub(super) message: String,
}

impl Fatal {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    pub(super) fn wrong_password(user: &str) -> Self {
        Self::new("28P01", format!("password authentication failed for user \"{user}\""))
    }

    pub(super) fn no_database(name: &str) -> Self {
        Self::new("3D000", format!("database \"{name}\" does not exist"))
    }

    pub(super) fn shutdown() -> Self {
        Self::new("57P01", "terminating connection due to administrator command")
    }

    pub(super) fn starting() -> Self {
        Self::new("57P03", "the database system is starting up")
    }

    pub(super) fn internal(message: &str) -> Self {
        Self::new("XX000", message)
    }

    /// `object_not_in_prerequisite_state`: said of a database that takes no connections for now.
    pub(super) fn is_not_accepting(&self) -> bool {
        self.code == "55000"
    }

    pub(super) fn parse(error: &ErrorResponseBody) -> anyhow::Result<Self> {
        let mut fatal = Self::new("", "");
        let mut fields = error.fields();
        while let Some(field) = fields.next()? {
            match field.type_() {
                b'C' => fatal.code = String::from_utf8_lossy(field.value_bytes()).into_owned(),
                b'M' => fatal.message = String::from_utf8_lossy(field.value_bytes()).into_owned(),
                _ => {}
            }
        }
        Ok(fatal)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, text) in [
            (b'S', "FATAL"),
            (b'V', "FATAL"),
            (b'C', &self.code),
            (b'M', &self.message),
        ] {
            body.push(kind);
            body.extend(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        frame(Some(b'E'), &body)
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use postgres_protocol::message::backend::Message;

    use super::*;

    #[tokio::test]
    async fn a_startup_packet_is_rewritten() {
        let mut sent = Startup {
            version: 3 << 16,
            parameters: vec![
                ("user".to_owned(), "neondb_owner".to_owned()),
                ("database".to_owned(), "neondb".to_owned()),
                ("options".to_owned(), "endpoint=ep-quiet-sun-a1b2c3d4".to_owned()),
            ],
            endpoint: None,
        };
        let First::Startup(mut read) = read_first(&mut sent.encode().as_slice()).await.unwrap() else {
            panic!("not a startup packet");
        };
        sent.parameters.pop();
        sent.endpoint = Some("ep-quiet-sun-a1b2c3d4".to_owned());
        assert_eq!(read, sent);
        read.set("database", "branch_database_7");
        let First::Startup(again) = read_first(&mut read.encode().as_slice()).await.unwrap() else {
            panic!("not a startup packet");
        };
        assert_eq!(again.get("database"), Some("branch_database_7"));
        assert_eq!(again.get("user"), Some("neondb_owner"));
    }

    #[tokio::test]
    async fn encryption_and_cancel_are_told_apart() {
        let ssl = frame(None, &SSL_REQUEST.to_be_bytes());
        assert!(matches!(
            read_first(&mut ssl.as_slice()).await.unwrap(),
            First::Encryption
        ));
        let mut cancel = CANCEL_REQUEST.to_be_bytes().to_vec();
        cancel.extend([0, 0, 0, 7, 1, 2, 3, 4]);
        let packet = frame(None, &cancel);
        assert_eq!(packet.len(), 16);
        let First::Cancel(kept) = read_first(&mut packet.as_slice()).await.unwrap() else {
            panic!("not a cancel request");
        };
        assert_eq!(kept, packet);
        assert!(read_first(&mut [0_u8, 0, 0, 3].as_slice()).await.is_err());
    }

    #[test]
    fn errors_survive_the_wire() {
        let fatal = Fatal::no_database("shop");
        let mut wire = BytesMut::from(&fatal.encode()[..]);
        let Some(Message::ErrorResponse(read)) = Message::parse(&mut wire).unwrap() else {
            panic!("not an error");
        };
        assert_eq!(Fatal::parse(&read).unwrap(), fatal);
    }
}
