//! The generator: keeps connections busy with questions, each asked when the one before it is answered, and tells how it
//! went. HTTP/1.1 by hand: what is spent here is not left for the server.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use crate::latency::{now, pause};

/// What stands in a body where each request has a number of its own.
pub const NUMBER: &str = "{number}";

/// What the generator is told, as a file of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// The connections take turns.
    pub addresses: Vec<String>,
    pub connections: usize,
    pub questions: Vec<Question>,
    pub length: Length,
    /// So many begin each second, whether those before them are answered or not, and how long one took counts from when it
    /// should have begun; `None`: each begins when the one before it on its connection is answered.
    pub pace: Option<f64>,
}

/// One request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    pub method: String,
    pub path: String,
    pub token: String,
    pub body: String,
}

/// When it ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Length {
    /// Round and round for so long.
    Lasts(Duration),
    /// Each question once.
    Once,
}

/// How it went, as a line of JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub seconds: f64,
    /// In microseconds: sorted.
    pub latencies: Vec<u64>,
    /// Answers by status and decision.
    pub answers: BTreeMap<String, usize>,
}

struct Shared {
    order: Order,
    next: AtomicUsize,
    begun: Instant,
    until: Option<Instant>,
}

impl Shared {
    /// The next question, with its number and when it begins.
    fn question(&self) -> Option<(usize, &Question, Instant)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let begins = match (self.order.pace, u32::try_from(number)) {
            (Some(pace), Ok(number)) => self.begun + Duration::from_secs_f64(f64::from(number) / pace),
            _ => now(),
        };
        let questions = &self.order.questions;
        match (self.until, self.order.length) {
            (Some(until), Length::Lasts(_)) => {
                (begins < until).then(|| questions.get(number % questions.len())).flatten()
            }
            (_, Length::Once | Length::Lasts(_)) => questions.get(number),
        }
        .map(|question| (number, question, begins))
    }
}

/// Does as the order says, and prints the outcome.
pub async fn generate(order: &str) -> anyhow::Result<()> {
    let order: Order = serde_json::from_str(&std::fs::read_to_string(order)?)?;
    let begun = now();
    let until = match order.length {
        Length::Lasts(length) => Some(begun + length),
        Length::Once => None,
    };
    let shared = Arc::new(Shared { order, next: AtomicUsize::new(0), begun, until });
    let mut tasks = JoinSet::new();
    for number in 0..shared.order.connections {
        let addresses = &shared.order.addresses;
        let address = addresses.get(number % addresses.len()).context("no address")?;
        let mut line = Line::connect(address).await?;
        let shared = Arc::clone(&shared);
        tasks.spawn(async move { line.ask_all(&shared).await });
    }
    let mut all = Outcome::default();
    while let Some(outcome) = tasks.join_next().await {
        let one = outcome??;
        all.latencies.extend(one.latencies);
        for (answer, count) in one.answers {
            *all.answers.entry(answer).or_default() += count;
        }
    }
    all.seconds = (now() - begun).as_secs_f64();
    all.latencies.sort_unstable();
    println!("{}", serde_json::to_string(&all)?);
    Ok(())
}

/// One connection.
struct Line {
    stream: TcpStream,
    host: String,
    answer: Vec<u8>,
}

impl Line {
    async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: address.into(), answer: vec![] })
    }

    async fn ask_all(&mut self, shared: &Shared) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        while let Some((number, question, begins)) = shared.question() {
            pause(begins.saturating_duration_since(now())).await;
            self.send(question, number).await?;
            let answer = self.read().await?;
            outcome.latencies.push(u64::try_from((now() - begins).as_micros())?);
            *outcome.answers.entry(answer).or_default() += 1;
        }
        Ok(outcome)
    }

    async fn send(&mut self, question: &Question, number: usize) -> anyhow::Result<()> {
        let Question { method, path, token, body } = question;
        let body = body.replace(NUMBER, &format!("{}-{number}", std::process::id()));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: bench\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len(),
        );
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// Reads one answer to its end, and gives its status and what was decided.
    async fn read(&mut self) -> anyhow::Result<String> {
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            let Some(end) = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(self.answer.get(..end).unwrap_or_default())?;
            if self.answer.len() >= end + 4 + content_length(head) {
                let body = String::from_utf8_lossy(self.answer.get(end..).unwrap_or_default()).into_owned();
                let word = |name: &str| {
                    let (_, rest) = body.split_once(&format!("\"{name}\":\""))?;
                    rest.split('"').next().map(str::to_owned)
                };
                let said = word("decision").or_else(|| word("code")).unwrap_or_default();
                return Ok(format!("{} {said}", head.get(9..12).context("no status")?));
            }
        }
    }
}

fn content_length(head: &str) -> usize {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}
