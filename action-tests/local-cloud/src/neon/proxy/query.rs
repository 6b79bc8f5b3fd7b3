//! Queries that the front asks a database itself: extended protocol, parameters and results as text.

use anyhow::bail;
use bytes::{BufMut as _, BytesMut};
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A session with the server.
pub(super) struct Conversation {
    server: TcpStream,
    unread: BytesMut,
}

/// What one query led to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) fields: Vec<Field>,
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// `INSERT 0 1`
    pub(super) tag: String,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) type_id: u32,
    /// As the driver's answer has it.
    pub(super) description: Value,
}

/// What the server refused, by the names that the driver's error has.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Map<String, Value>);

/// Names of the fields of an error, in the order in which Neon answers them.
const ERROR_FIELDS: [(u8, &str); 16] = [
    (b'M', "message"),
    (b'C', "code"),
    (b'D', "detail"),
    (b'H', "hint"),
    (b'P', "position"),
    (b'p', "internalPosition"),
    (b'q', "internalQuery"),
    (b'S', "severity"),
    (b'W', "where"),
    (b't', "table"),
    (b'c', "column"),
    (b's', "schema"),
    (b'd', "dataType"),
    (b'n', "constraint"),
    (b'F', "file"),
    (b'L', "line"),
];

impl Refused {
    /// What the front itself says: everything but the message and the code is null.
    pub(super) fn new(message: &str, code: Option<&str>) -> Self {
        let names = ERROR_FIELDS.iter().map(|(_, name)| *name).chain(["routine"]);
        let mut fields: Map<String, Value> = names.map(|name| (name.to_owned(), Value::Null)).collect();
        fields["message"] = json!(message);
        fields["code"] = json!(code);
        Self(fields)
    }

    fn parse(error: &ErrorResponseBody) -> anyhow::Result<Self> {
        let Self(mut named) = Self::new("", None);
        let mut fields = error.fields();
        while let Some(field) = fields.next()? {
            let known = ERROR_FIELDS.iter().find(|(kind, _)| *kind == field.type_());
            let name = known
                .map(|(_, name)| *name)
                .or((field.type_() == b'R').then_some("routine"));
            if let Some(name) = name {
                named[name] = json!(String::from_utf8_lossy(field.value_bytes()));
            }
        }
        Ok(Self(named))
    }
}

impl Conversation {
    /// Goes on from the server's first words after a login.
    pub(super) async fn begin(server: TcpStream, words: &[u8]) -> anyhow::Result<Self> {
        let mut conversation = Self {
            server,
            unread: BytesMut::from(words),
        };
        while !matches!(conversation.hear().await?, Message::ReadyForQuery(_)) {}
        Ok(conversation)
    }

    async fn hear(&mut self) -> anyhow::Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.unread)? {
                return Ok(message);
            }
            if self.server.read_buf(&mut self.unread).await? == 0 {
                bail!("the server hung up");
            }
        }
    }

    /// Runs one statement.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        parameters: &[Option<String>],
    ) -> anyhow::Result<Result<Outcome, Refused>> {
        let mut asked = BytesMut::new();
        frontend::parse("", sql, [], &mut asked)?;
        let text = |parameter: &Option<String>, buffer: &mut BytesMut| {
            Ok(parameter.as_ref().map_or(IsNull::Yes, |text| {
                buffer.put_slice(text.as_bytes());
                IsNull::No
            }))
        };
        if frontend::bind("", "", [], parameters, text, [], &mut asked).is_err() {
            bail!("too many parameters");
        }
        frontend::describe(b'P', "", &mut asked)?;
        frontend::execute("", 0, &mut asked)?;
        frontend::sync(&mut asked);
        self.server.write_all(&asked).await?;

        let mut result = Ok(Outcome::default());
        loop {
            match (self.hear().await?, &mut result) {
                (Message::ReadyForQuery(_), _) => return Ok(result),
                (Message::ErrorResponse(error), _) => result = Err(Refused::parse(&error)?),
                (Message::RowDescription(row), Ok(outcome)) => {
                    outcome.fields = row
                        .fields()
                        .map(|field| {
                            Ok(Field {
                                name: field.name().to_owned(),
                                type_id: field.type_oid(),
                                description: json!({
                                    "name": field.name(),
                                    "dataTypeID": field.type_oid(),
                                    "tableID": field.table_oid(),
                                    "columnID": field.column_id(),
                                    "dataTypeSize": field.type_size(),
                                    "dataTypeModifier": field.type_modifier(),
                                    "format": "text",
                                }),
                            })
                        })
                        .collect()?;
                }
                (Message::DataRow(row), Ok(outcome)) => {
                    let text = |range| String::from_utf8_lossy(&row.buffer()[range]).into_owned();
                    let values = row.ranges().map(|range| Ok(range.map(text)));
                    outcome.rows.push(values.collect()?);
                }
                (Message::CommandComplete(done), Ok(outcome)) => done.tag()?.clone_into(&mut outcome.tag),
                // A copy to or from the client has no place in a query over HTTP.
                (Message::CopyInResponse(_), _) => {
                    let mut no = BytesMut::new();
                    frontend::copy_fail("COPY is not supported", &mut no)?;
                    frontend::sync(&mut no);
                    self.server.write_all(&no).await?;
                }
                _ => {}
            }
        }
    }

    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        let mut farewell = BytesMut::new();
        frontend::terminate(&mut farewell);
        Ok(self.server.write_all(&farewell).await?)
    }
}
