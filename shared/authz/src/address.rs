//! IP address restriction (R-10, IPアドレス制御): from where roles beyond employee may be used.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The networks that a tenant allows. An empty list restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressRules(Vec<IpNet>);

/// The text is no network in CIDR notation.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a network in CIDR notation")]
pub struct NotANetwork {
    /// Which entry of the list, from 0.
    pub index: usize,
}

impl AddressRules {
    /// Reads a list of networks in CIDR notation, IPv4 and IPv6; a bare address stands for itself alone.
    pub fn parse<'a>(networks: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<NotANetwork>> {
        let mut parsed = Vec::new();
        let mut wrong = Vec::new();
        for (index, text) in networks.into_iter().enumerate() {
            let text = text.trim();
            match IpNet::from_str(text).or_else(|_| IpAddr::from_str(text).map(IpNet::from)) {
                Ok(network) => parsed.push(network.trunc()),
                Err(_) => wrong.push(NotANetwork { index }),
            }
        }
        parsed.sort_unstable();
        parsed.dedup();
        if wrong.is_empty() { Ok(Self(parsed)) } else { Err(wrong) }
    }

    /// Whether a request from `address` may use a role beyond employee. An IPv4 address that came mapped into IPv6 counts as IPv4;
    /// an unknown address is outside every list.
    #[must_use]
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || self.list(address)
    }

    /// Whether one of the networks holds `address`. Unlike [`Self::allow`], an empty list allows nobody: operators have networks of their own, or
    /// do not work.
    #[must_use]
    pub fn list(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address.map(|address| address.to_canonical()) else { return false };
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether nothing is restricted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The networks, in canonical form.
    pub fn networks(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(IpNet::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(networks: &[&str]) -> AddressRules {
        AddressRules::parse(networks.iter().copied()).unwrap()
    }

    #[test]
    fn r10_an_empty_list_restricts_nothing_and_a_list_restricts_everything_else() {
        let office: IpAddr = "203.0.113.7".parse().unwrap();
        assert!(rules(&[]).allow(Some(office)));
        assert!(rules(&[]).allow(None));
        let listed = rules(&["203.0.113.0/24", "2001:db8::/32"]);
        assert!(listed.allow(Some(office)));
        assert!(listed.allow(Some("::ffff:203.0.113.7".parse().unwrap())), "mapped IPv4 is IPv4");
        assert!(listed.allow(Some("2001:db8::1".parse().unwrap())));
        assert!(!listed.allow(Some("198.51.100.1".parse().unwrap())));
        assert!(!listed.allow(None));
    }

    #[test]
    fn r32_an_empty_list_of_operators_networks_lists_nobody() {
        let office: IpAddr = "203.0.113.7".parse().unwrap();
        assert!(!rules(&[]).list(Some(office)) && rules(&["203.0.113.0/24"]).list(Some(office)));
    }

    #[test]
    fn r10_every_wrong_entry_is_named() {
        let wrong = AddressRules::parse(["10.0.0.0/8", "10.0.0.0/33", "office"]).unwrap_err();
        assert_eq!(wrong, [NotANetwork { index: 1 }, NotANetwork { index: 2 }]);
        assert_eq!(
            rules(&["192.0.2.9/24", "192.0.2.1"]).networks().collect::<Vec<_>>(),
            ["192.0.2.0/24", "192.0.2.1/32"]
        );
    }
}
