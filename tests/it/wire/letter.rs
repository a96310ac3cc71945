//! What is posted to the server, to the byte: the sender decides about every header, and may break off anywhere.

use std::{io, net::SocketAddr};

use changegate::github::signature::{Secret, sign};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A request, in parts that can be changed before it is sent.
#[derive(Debug, Clone)]
pub struct Letter {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
    is_chunked: bool,
}

impl Letter {
    /// A delivery as GitHub posts it.
    pub fn signed(secret: &str, id: &str, event: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let signature = sign(&Secret::new(secret).unwrap(), &body);
        let headers = [
            ("Content-Type", "application/json"),
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", id),
            ("X-Hub-Signature-256", &signature),
        ];
        let headers = headers.map(|(name, value)| (name, value.as_bytes().to_vec())).to_vec();
        Self { method: "POST", path: "/webhooks/github", headers, body, is_chunked: false }
    }

    /// A question to the health pages.
    pub fn get(path: &'static str) -> Self {
        Self { method: "GET", path, headers: vec![], body: vec![], is_chunked: false }
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| *header != name);
        self
    }

    /// With one header more.
    pub fn and(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    /// With this value alone.
    pub fn with(self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).and(name, value)
    }

    /// Sent with another method, or elsewhere.
    pub fn to(self, method: &'static str, path: &'static str) -> Self {
        Self { method, path, ..self }
    }

    /// Sent in parts, without saying beforehand how long it is.
    pub fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    pub fn header(&self, name: &str) -> String {
        let (_, value) = self.headers.iter().find(|(header, _)| *header == name).unwrap();
        String::from_utf8_lossy(value).into_owned()
    }

    /// The head, up to the empty line.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: changegate\r\n", self.method, self.path).into_bytes();
        let length = if self.is_chunked {
            "Transfer-Encoding: chunked\r\n".to_owned()
        } else {
            format!("Content-Length: {}\r\n", self.body.len())
        };
        head.extend(length.into_bytes());
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        head
    }

    fn on_the_wire(&self) -> Vec<u8> {
        if !self.is_chunked {
            return self.body.clone();
        }
        let part = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        let parts: Vec<u8> = self.body.chunks(64 * 1024).flat_map(part).collect();
        [parts, b"0\r\n\r\n".to_vec()].concat()
    }
}

/// What the server said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// A connection, kept alive.
#[derive(Debug)]
pub struct Line(BufReader<TcpStream>);

impl Line {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(address).await?)))
    }

    /// Our end of it.
    pub fn port(&self) -> u16 {
        self.0.get_ref().local_addr().unwrap().port()
    }

    pub async fn send(&mut self, letter: &Letter) -> io::Result<Answer> {
        self.write(&letter.head()).await?;
        // The server may have answered and closed in the middle; what it said counts.
        self.write(&letter.on_the_wire()).await.ok();
        self.answer().await
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// Waits for an answer; an error where the connection ends before it.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no answer: `{first}`")))?;
        let mut headers = vec![];
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = vec![];
        self.0.read_until(b'\n', &mut line).await?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}
