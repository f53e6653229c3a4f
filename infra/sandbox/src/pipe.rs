//! One in-memory connection: two byte queues with wakers, latency on tokio's clock, and the ways in which a network
//! fails a connection. Knows nothing of SMTP or IMAP.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How one direction of a connection behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    /// The connection is reset as soon as this many bytes have passed.
    pub(crate) cut_after: Option<u64>,
    /// Nothing passes after this many bytes, though the connection stays open.
    pub(crate) stall_after: Option<u64>,
    /// Time each byte takes.
    pub(crate) per_byte: Option<Duration>,
}

/// Totals over all connections of a network, in bytes and cases.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) to_server: AtomicU64,
    pub(crate) to_client: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) stalled: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Closed in an orderly way: the reader gets what is left, then the end.
    Closed,
    /// Reset: the reader gets what is left in this direction, then an error.
    Reset,
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    data: VecDeque<u8>,
    /// With latency: lengths of what was written and when it arrives.
    arrivals: VecDeque<(usize, Instant)>,
    end: Option<End>,
    reader_gone: bool,
    written: u64,
    read: u64,
    stall_counted: bool,
    next_byte: Option<Instant>,
    weather: Weather,
    waker: Option<Waker>,
}

impl Half {
    fn finish(&mut self, end: End) {
        self.end.get_or_insert(end);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[derive(Debug)]
struct Shared {
    /// `halves[0]` carries bytes to the server, `halves[1]` to the client.
    halves: [Half; 2],
    latency: Duration,
    meter: Arc<Meter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

impl Side {
    fn outgoing(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// One end of an in-memory connection.
#[derive(Debug)]
pub struct MemoryStream {
    shared: Arc<Mutex<Shared>>,
    side: Side,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A connection: the client's end and the server's.
pub(crate) fn pair(
    to_server: Weather,
    to_client: Weather,
    latency: Duration,
    meter: Arc<Meter>,
) -> (MemoryStream, MemoryStream) {
    let half = |weather: Weather| Half { weather, ..Half::default() };
    let mut shared = Shared { halves: [half(to_server), half(to_client)], latency, meter };
    for direction in 0..2 {
        if shared.halves[direction].weather.cut_after == Some(0) {
            reset(&mut shared, direction);
        }
    }
    let shared = Arc::new(Mutex::new(shared));
    let end = |side| MemoryStream { shared: Arc::clone(&shared), side, timer: None };
    (end(Side::Client), end(Side::Server))
}

/// Cuts the connection: what has passed in `direction` can still be read, the other direction is lost at once.
fn reset(shared: &mut Shared, direction: usize) {
    shared.meter.cut.fetch_add(1, Ordering::Relaxed);
    shared.halves[direction].finish(End::Reset);
    let back = &mut shared.halves[1 - direction];
    back.data.clear();
    back.arrivals.clear();
    back.end = None;
    back.finish(End::Reset);
}

impl MemoryStream {
    fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was cut")
}

impl AsyncRead for MemoryStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut guard = Self::lock(&this.shared);
        let Shared { halves, meter, .. } = &mut *guard;
        let half = &mut halves[1 - this.side.outgoing()];
        let stall_left = half.weather.stall_after.map(|after| after.saturating_sub(half.read));
        if half.data.is_empty() || stall_left == Some(0) {
            if stall_left == Some(0) && !half.stall_counted {
                half.stall_counted = true;
                meter.stalled.fetch_add(1, Ordering::Relaxed);
            }
            return match half.end {
                // Behind a stall nobody hears an orderly end either; the reset keeps the task from waiting for ever.
                Some(End::Closed) if stall_left != Some(0) => Poll::Ready(Ok(())),
                Some(_) => Poll::Ready(Err(broken())),
                None => {
                    half.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        }
        let mut ready = half.arrivals.front().map(|&(_, at)| at);
        if half.weather.per_byte.is_some() {
            ready = ready.max(half.next_byte);
        }
        if let Some(at) = ready
            && at > Instant::now()
        {
            half.waker = Some(cx.waker().clone());
            let timer = match &mut this.timer {
                Some(timer) => {
                    timer.as_mut().reset(at);
                    timer
                }
                none => none.insert(Box::pin(tokio::time::sleep_until(at))),
            };
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        let mut take = buf.remaining().min(half.data.len());
        if let Some((length, _)) = half.arrivals.front() {
            take = take.min(*length);
        }
        if let Some(left) = stall_left {
            take = take.min(usize::try_from(left).unwrap_or(usize::MAX));
        }
        if let Some(per_byte) = half.weather.per_byte {
            take = take.min(1);
            half.next_byte = Some(Instant::now() + per_byte);
        }
        let (front, back) = half.data.as_slices();
        let first = take.min(front.len());
        buf.put_slice(&front[..first]);
        buf.put_slice(&back[..take - first]);
        half.data.drain(..take);
        half.read += take as u64;
        if let Some((length, _)) = half.arrivals.front_mut() {
            *length -= take;
            if *length == 0 {
                half.arrivals.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut guard = Self::lock(&this.shared);
        let shared = &mut *guard;
        let direction = this.side.outgoing();
        let latency = shared.latency;
        let half = &mut shared.halves[direction];
        if half.end.is_some() || half.reader_gone {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed")));
        }
        let left = half.weather.cut_after.map_or(u64::MAX, |after| after.saturating_sub(half.written));
        let passed = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        half.data.extend(&bytes[..passed]);
        half.written += passed as u64;
        if !latency.is_zero() && passed > 0 {
            half.arrivals.push_back((passed, Instant::now() + latency));
        }
        if let Some(waker) = half.waker.take() {
            waker.wake();
        }
        let meter = if direction == 0 { &shared.meter.to_server } else { &shared.meter.to_client };
        meter.fetch_add(passed as u64, Ordering::Relaxed);
        if left <= bytes.len() as u64 {
            reset(shared, direction);
            // A client cannot see that its bytes were lost on the way; the server may, so that the ledger knows.
            if this.side == Side::Server && passed < bytes.len() {
                return Poll::Ready(Err(broken()));
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        Self::lock(&this.shared).halves[this.side.outgoing()].finish(End::Closed);
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        let mut shared = Self::lock(&self.shared);
        let outgoing = self.side.outgoing();
        shared.halves[outgoing].finish(End::Closed);
        shared.halves[1 - outgoing].reader_gone = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn with(to_server: Weather, to_client: Weather) -> (MemoryStream, MemoryStream) {
        pair(to_server, to_client, Duration::ZERO, Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_passes_exactly_n_bytes_and_then_resets_both_ways() {
        for after in 1..6 {
            let (mut client, mut server) =
                with(Weather { cut_after: Some(after), ..Weather::default() }, Weather::default());
            server.write_all(b"greeting").await.unwrap();
            client.write_all(b"hello!").await.unwrap();
            let mut got = Vec::new();
            assert_eq!(server.read_to_end(&mut got).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
            assert_eq!(got, &b"hello!"[..usize::try_from(after).unwrap()]);
            assert_eq!(client.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
            assert!(client.write_all(b"x").await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_sees_that_its_answer_was_lost() {
        let (mut client, mut server) = with(Weather::default(), Weather { cut_after: Some(3), ..Weather::default() });
        assert!(server.write_all(b"250 ok").await.is_err());
        let mut got = Vec::new();
        assert!(client.read_to_end(&mut got).await.is_err());
        assert_eq!(got, b"250");
    }

    #[tokio::test(start_paused = true)]
    async fn latency_and_slowness_pass_on_virtual_time() {
        let slow = Weather { per_byte: Some(Duration::from_secs(1)), ..Weather::default() };
        let (mut client, mut server) = pair(slow, Weather::default(), Duration::from_millis(40), Arc::default());
        let begin = Instant::now();
        server.write_all(b"hi").await.unwrap();
        let mut two = [0; 2];
        client.read_exact(&mut two).await.unwrap();
        assert_eq!(begin.elapsed().as_millis(), 40);
        client.write_all(b"abc").await.unwrap();
        let mut three = [0; 3];
        server.read_exact(&mut three).await.unwrap();
        assert!((2_000..2_100).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_silence_until_the_peer_goes() {
        let (mut client, mut server) = with(Weather { stall_after: Some(2), ..Weather::default() }, Weather::default());
        client.write_all(b"abc").await.unwrap();
        let mut two = [0; 2];
        server.read_exact(&mut two).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(3_600), server.read_u8()).await.is_err());
        drop(client);
        assert!(server.read_u8().await.is_err());
    }
}
