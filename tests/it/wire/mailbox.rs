//! A mail server (RFC 5321) that keeps what it is given, and answers as it was asked to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail, as it was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
}

impl Mail {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name}: {head}")).to_owned()
    }

    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }
}

#[derive(Debug, Default)]
struct Inner {
    taken: Vec<Mail>,
    replies: VecDeque<u16>,
}

#[derive(Debug, Clone)]
pub struct MailServer {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl MailServer {
    /// Takes everything, until it is asked to answer otherwise.
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", socket.local_addr().unwrap().port());
        let server = Self { url, inner: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = socket.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { drop(serving.serve(connection).await) });
            }
        });
        server
    }

    /// The next mails are answered with these codes.
    pub fn reply(&self, codes: impl IntoIterator<Item = u16>) {
        self.inner.lock().unwrap().replies.extend(codes);
    }

    pub fn taken(&self) -> Vec<Mail> {
        self.inner.lock().unwrap().taken.clone()
    }

    async fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let (reading, mut writing) = connection.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"220 mail.test ESMTP\r\n").await?;
        let mut mail = Mail { from: String::new(), to: vec![], text: String::new() };
        while let Some(line) = lines.next_line().await? {
            let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => "250-mail.test\r\n250 8BITMIME",
                "MAIL" => {
                    mail = Mail { from: address(), to: vec![], text: String::new() };
                    "250 ok"
                }
                "RCPT" => {
                    mail.to.push(address());
                    "250 ok"
                }
                "DATA" => {
                    writing.write_all(b"354 go on\r\n").await?;
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.text.push_str("\r\n");
                    }
                    match self.take(mail.clone()) {
                        250 => "250 taken",
                        450 => "450 later",
                        _ => "550 no",
                    }
                }
                "QUIT" => {
                    writing.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok",
            };
            writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn take(&self, mail: Mail) -> u16 {
        let mut inner = self.inner.lock().unwrap();
        let code = inner.replies.pop_front().unwrap_or(250);
        if code == 250 {
            inner.taken.push(mail);
        }
        code
    }
}
