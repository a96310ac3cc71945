//! The generator: keeps 64 connections busy with deliveries, each with a body of its own, and tells how it went.
//!
//! HTTP/1.1 by hand, and signatures from a half-finished one: what is spent here is not left for the server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use hmac::{Hmac, KeyInit, Mac};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use crate::{latency::now, servers::webhook_path};

const CONNECTIONS: u64 = 64;
/// Random bytes in each body.
const UNIQUE: usize = 224;

/// What the generator is told, as a file of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub address: String,
    pub secret: String,
    /// Served before what is measured.
    pub warm_up: Duration,
    pub duration: Duration,
    /// Bodies of `issues` deliveries: JSON objects, each made unique by one more field at its end.
    pub bodies: Vec<String>,
}

/// How it went, as a line of JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Everything that was acknowledged, the warm-up too.
    pub acknowledged: usize,
    /// What was acknowledged after the warm-up, and in which time.
    pub measured: usize,
    pub seconds: f64,
    /// In microseconds, each of what was measured: sorted.
    pub latencies: Vec<u64>,
    /// Answers that were no acknowledgement, by status.
    pub refused: BTreeMap<u16, usize>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        number(self.measured) / self.seconds
    }

    /// The latency that this share (in thousandths) of the deliveries did not exceed, in milliseconds.
    pub fn latency(&self, per_mille: usize) -> f64 {
        crate::latency::percentile(&self.latencies, per_mille)
    }
}

/// A count to calculate with.
pub fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Does as the order says, and prints the outcome.
pub async fn generate(order: &str) -> anyhow::Result<()> {
    let order: Order = serde_json::from_str(&std::fs::read_to_string(order)?)?;
    let start = now();
    let measured_from = start + order.warm_up;
    let until = measured_from + order.duration;
    let templates: Arc<[Template]> =
        order.bodies.iter().map(|body| template(body, &order.secret)).collect::<anyhow::Result<_>>()?;
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let mut sender = Sender::connect(&order.address, &templates, number).await?;
        tasks.spawn(async move { sender.send_until(measured_from, until).await });
    }
    let mut all = Outcome::default();
    while let Some(outcome) = tasks.join_next().await {
        let one = outcome??;
        all.acknowledged += one.acknowledged;
        all.latencies.extend(one.latencies);
        for (status, count) in one.refused {
            *all.refused.entry(status).or_default() += count;
        }
    }
    all.measured = all.latencies.len();
    all.seconds = (now() - measured_from).as_secs_f64();
    all.latencies.sort_unstable();
    println!("{}", serde_json::to_string(&all)?);
    Ok(())
}

/// A body up to where it is made unique, and the signature up to there.
#[derive(Debug, Clone)]
struct Template {
    body: Vec<u8>,
    mac: Hmac<Sha256>,
}

/// One connection.
struct Sender {
    stream: TcpStream,
    host: String,
    number: u64,
    since: Instant,
    templates: Arc<[Template]>,
    /// Which template comes next.
    turn: usize,
    chance: StdRng,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Sender {
    async fn connect(address: &str, templates: &Arc<[Template]>, number: u64) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: address.into(),
            number,
            since: now(),
            templates: Arc::clone(templates),
            turn: usize::try_from(number)?,
            chance: StdRng::seed_from_u64(u64::from(std::process::id()) * CONNECTIONS + number),
            request: vec![],
            answer: vec![],
        })
    }

    async fn send_until(&mut self, measured_from: Instant, until: Instant) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        loop {
            let begun = now();
            if begun >= until {
                return Ok(outcome);
            }
            self.write_request()?;
            self.stream.write_all(&self.request).await?;
            let status = self.read_answer().await?;
            let ended = now();
            if status != 202 {
                *outcome.refused.entry(status).or_default() += 1;
                continue;
            }
            outcome.acknowledged += 1;
            if ended >= measured_from {
                outcome.latencies.push(u64::try_from((ended - begun).as_micros())?);
            }
        }
    }

    fn write_request(&mut self) -> anyhow::Result<()> {
        let mut unique = [0; UNIQUE];
        self.chance.fill_bytes(&mut unique);
        let tail = format!(",\"unique\":\"{}\"}}", hex::encode(unique));
        self.turn += 1;
        let template = self.templates.get(self.turn % self.templates.len()).context("no bodies")?;
        let signature = template.mac.clone().chain_update(&tail).finalize().into_bytes();
        self.request.clear();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: GitHub-Hookshot/bench\r\nAccept: */*\r\n\
             Content-Type: application/json\r\nX-GitHub-Event: issues\r\nX-GitHub-Delivery: {}\r\n\
             X-Hub-Signature-256: sha256={}\r\nContent-Length: {}\r\n\r\n",
            webhook_path(),
            self.host,
            self.id(),
            hex::encode(signature),
            template.body.len() + tail.len(),
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(&template.body);
        self.request.extend_from_slice(tail.as_bytes());
        Ok(())
    }

    /// As GitHub names deliveries: a UUID of version 1, which begins with the time in steps of 100 ns.
    fn id(&self) -> String {
        let steps = (now() - self.since).as_nanos() / 100;
        let (low, mid, node) = (steps & 0xffff_ffff, (steps >> 32) & 0xffff, std::process::id());
        format!("{low:08x}-{mid:04x}-11ef-{:04x}-{node:012x}", 0x8000 | self.number)
    }

    /// Reads one answer to its end, and gives its status.
    async fn read_answer(&mut self) -> anyhow::Result<u16> {
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            let Some(end) = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(self.answer.get(..end).unwrap_or_default())?;
            let length = content_length(head);
            if self.answer.len() >= end + 4 + length {
                return Ok(head.get(9..12).context("no status")?.parse()?);
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

fn template(body: &str, secret: &str) -> anyhow::Result<Template> {
    let body = body.strip_suffix('}').context("a body is no object")?.as_bytes().to_vec();
    let mac = Hmac::new_from_slice(secret.as_bytes())?.chain_update(&body);
    Ok(Template { body, mac })
}
