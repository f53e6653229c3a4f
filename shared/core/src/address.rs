//! Which addresses a tenant may have us connect to: mail servers and webhooks (reliability.md, "Addresses (SSRF)").
//!
//! Tenants choose host names; a name may lead anywhere. For IPv4 everything in IANA's special-purpose registry is
//! refused; for IPv6 only global unicast space (2000::/3) passes, less its special parts. An address that embeds an
//! IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is refused whatever it embeds: no server of the open Internet needs it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused; `None`: it may be connected to.
#[must_use]
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => refusal_v4(v4),
        IpAddr::V6(v6) => refusal_v6(v6),
    }
}

/// IANA IPv4 Special-Purpose Address Registry, and two cloud services at public addresses.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared (CGNAT)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local (metadata)"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved (metadata)"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
    // Azure's platform service ("WireServer"), reachable from inside every virtual machine there.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "metadata"),
];

fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    V4.iter().find(|(net, bits, _)| (address.to_bits() ^ net.to_bits()) >> (32 - bits) == 0).map(|&(_, _, class)| class)
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.to_ipv4_mapped().is_some() {
        return Some("IPv4-mapped");
    }
    let [first, second, ..] = address.segments();
    if address.is_unspecified() {
        Some("unspecified")
    } else if address.is_loopback() {
        Some("loopback")
    } else if first & 0xffc0 == 0xfe80 {
        Some("link-local")
    } else if first & 0xfe00 == 0xfc00 {
        Some("private (metadata)")
    } else if first & 0xff00 == 0xff00 {
        Some("multicast")
    } else if first & 0xe000 != 0x2000 {
        Some("not global unicast")
    } else if first == 0x2001 && second < 0x0200 {
        Some("an IETF protocol address")
    } else if (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000) {
        Some("documentation")
    } else if first == 0x2002 {
        Some("6to4")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_address_is_refused_at_both_ends_of_its_range() {
        let refused = [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "100.100.100.200",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "3fff:fff::1",
        ];
        for text in refused {
            assert!(refusal(text.parse().unwrap()).is_some(), "{text} must be refused");
        }
    }

    #[test]
    fn public_addresses_pass_up_to_the_edges_of_special_ranges() {
        let allowed = [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "168.63.129.15",
            "168.63.129.17",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "2003::1",
            "3ffe::1",
            "3fff:1000::1",
        ];
        for text in allowed {
            assert_eq!(refusal(text.parse().unwrap()), None, "{text} must pass");
        }
    }
}
