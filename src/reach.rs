//! Which addresses are reached: whoever may name an address to ask or to call must not reach into private networks by it.

use std::{
    error::Error,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{
    HttpConnector,
    dns::{GaiResolver, Name},
};
use tower::Service;

/// A name that leads into private networks alone, where those must not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no public address")]
pub struct NoPublicAddress;

impl NoPublicAddress {
    /// Whether that is why there is no connection.
    #[must_use]
    pub fn is_cause(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(inner) = cause {
            let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if wrapped.and_then(|wrapped| wrapped.downcast_ref::<Self>()).is_some() {
                return true;
            }
            cause = inner.source();
        }
        false
    }
}

/// Makes connections, encrypted where the address says so.
pub type Connector = HttpsConnector<HttpConnector<Lookup>>;

/// Makes connections by the certificates of this machine; `private`: to addresses of private networks, too.
///
/// # Errors
/// When the certificates cannot be read.
pub fn connector(private: bool) -> io::Result<Connector> {
    let mut names = HttpConnector::new_with_resolver(Lookup::new(private));
    names.enforce_http(false);
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let connector = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
    Ok(connector.https_or_http().enable_http1().wrap_connector(names))
}

/// Looks names up, and leaves out private addresses where they must not be reached. It is asked for each connection, so that a
/// name that is looked up again says nothing else.
#[derive(Debug, Clone)]
pub struct Lookup {
    names: GaiResolver,
    private: bool,
}

impl Lookup {
    fn new(private: bool) -> Self {
        Self { names: GaiResolver::new(), private }
    }
}

type Found = Pin<Box<dyn Future<Output = io::Result<std::vec::IntoIter<SocketAddr>>> + Send>>;

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Found;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.names.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Found {
        let (found, private) = (self.names.call(name), self.private);
        Box::pin(async move {
            let may = |address: &SocketAddr| private || is_public(address.ip());
            let found: Vec<SocketAddr> = found.await?.filter(may).collect();
            if found.is_empty() {
                return Err(io::Error::other(NoPublicAddress));
            }
            Ok(found.into_iter())
        })
    }
}

/// Whether a host that is written as an address is public; names are judged when they are looked up.
#[must_use]
pub fn may_be_public(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse().map_or(true, is_public)
}

/// Whether an address belongs to nobody's private network, nor to this machine, nor to a purpose of its own
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and the same for IPv6).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

/// Only what is handed out (`2000::/3`), and of that nothing that leads to an IPv4 address or is an example.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let leads_on = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    let is_example = first == 0x2001 && second == 0x0db8 || first == 0x3fff && second < 0x1000;
    first & 0xe000 == 0x2000 && !leads_on && !is_example
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_private_address_is_taken_for_a_public_one_however_it_is_written() {
        for (host, public) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1:248:1893:25c8:1946", true),
            ("[2606:2800:220:1::1]", true),
            ("ci.example.com", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("[::1]", false),
            ("[::]", false),
            ("[::ffff:127.0.0.1]", false),
            ("[::ffff:a9fe:a9fe]", false),
            ("[64:ff9b::a9fe:a9fe]", false),
            ("[2002:7f00:1::]", false),
            ("[2001:0:7f00:1::]", false),
            ("[fd00::1]", false),
            ("[fe80::1]", false),
            ("[ff02::1]", false),
            ("[2001:db8::1]", false),
        ] {
            assert_eq!(may_be_public(host), public, "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_followed() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(Lookup::new(true).call(name()).await.unwrap().next().is_some());
        let error = Lookup::new(false).call(name()).await.map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "it has no public address");
    }
}
