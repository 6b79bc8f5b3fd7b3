//! Waiting, against name servers of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::*;

/// Answers a query: NXDOMAIN, or an address.
fn answer(query: &[u8], there: bool, truncated: bool) -> Vec<u8> {
    let mut packet = Packet::parse(query).unwrap().into_reply();
    if truncated {
        packet.set_flags(PacketFlag::TRUNCATION);
    } else if there {
        let name = packet.questions[0].qname.clone();
        let data = RData::A(A {
            address: Ipv4Addr::new(104, 16, 0, 1).to_bits(),
        });
        packet.answers = vec![ResourceRecord::new(name, CLASS::IN, 300, data)];
    } else {
        *packet.rcode_mut() = RCODE::NameError;
    }
    packet.build_bytes_vec().unwrap()
}

/// A port for both protocols. The one that is free for UDP may be another process's for TCP: then the next one.
async fn one_port() -> (UdpSocket, TcpListener) {
    for _ in 0..20 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port of 20 is free for both UDP and TCP");
}

/// A name server that does not know the name `late` times, and over UDP cuts what it knows when `truncating`.
async fn name_server(late: usize, truncating: bool) -> (Server, Arc<AtomicUsize>) {
    let (udp, tcp) = one_port().await;
    let address: SocketAddr = udp.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            let there = count.fetch_add(1, Ordering::Relaxed) >= late;
            let reply = answer(&buffer[..length], there, truncating);
            udp.send_to(&reply, from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let reply = answer(&query, true, false);
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    let server = Server::Address {
        name: format!("ns-{late}"),
        address,
        recursion: false,
    };
    (server, asked)
}

fn names() -> [Wanted; 2] {
    ["api.example.com", "web.example.com"].map(Wanted::placeholder)
}

#[tokio::test]
async fn every_name_server_must_answer() {
    let (quick, asked_quick) = name_server(0, false).await;
    let (slow, _) = name_server(3, false).await;
    let answered = ask_until(&names(), vec![quick, slow], Duration::from_secs(20), true)
        .await
        .unwrap();
    assert_eq!(answered.servers, ["ns-0", "ns-3"]);
    assert!(answered.after >= FIRST_PAUSE);
    // Who has answered is not asked again.
    assert_eq!(asked_quick.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_over_tcp() {
    let (server, _) = name_server(0, true).await;
    ask_until(&names(), vec![server], Duration::from_secs(5), true)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_deadline_holds_and_names_what_is_missing() {
    let (never, _) = name_server(usize::MAX, false).await;
    let missing = ask_until(&names(), vec![never], Duration::from_millis(700), true)
        .await
        .unwrap_err();
    assert!(missing.heard);
    assert_eq!(missing.names.len(), 2);
    assert!(missing.names[0].1.contains("NXDOMAIN"), "{missing:?}");
}

#[tokio::test]
async fn a_silent_server_is_told_from_one_that_answers() {
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let server = Server::Address {
        name: "closed".to_owned(),
        address,
        recursion: false,
    };
    let missing = ask_until(&names(), vec![server], Duration::from_secs(1), true)
        .await
        .unwrap_err();
    assert!(!missing.heard, "{missing:?}");
}
