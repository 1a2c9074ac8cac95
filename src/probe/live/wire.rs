//! What a program and its viewers say to each other, as frames.
//!
//! *Architecture invariant:* no bytes make it panic.

use std::error::Error;
use std::fmt;
use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::event::LaneId;
use crate::probe::gate::Pace;

/// The version of what is said. A side that speaks another one is turned away.
pub(crate) const VERSION: u16 = 3;
/// The longest frame that a program sends, in bytes.
pub(crate) const LONGEST: usize = 8 << 20;
/// The longest token, in bytes.
#[cfg(unix)]
pub(crate) const LONGEST_TOKEN: usize = 1024;
/// The longest frame that a viewer sends: a hello, with a token.
const LONGEST_OF_VIEWER: usize = 1 + MAGIC.len() + 2 + LONGEST_TOKEN;
/// With what each side begins.
const MAGIC: &[u8] = b"asyncline";

/// What a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToViewer {
    /// Kind 0: `asyncline`, the version (2 bytes), the process (4), whether it can be held (1), its name (UTF-8).
    Hello {
        process: u32,
        can_hold: bool,
        name: String,
    },
    /// Kind 1: the next bytes of the session log.
    Session(Bytes),
    /// Kind 2: what the gate lets through (9 bytes).
    Pace(Pace),
    /// Kind 3: the program ends, and has said all.
    Over,
}

/// What a viewer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToProgram {
    /// Kind 0: `asyncline`, the version (2 bytes), the token (UTF-8), which is empty where none is needed.
    Hello { token: String },
    /// Kind 1: what the gate is to let through from now on (9 bytes).
    Pace(Pace),
    /// Kind 2: a keep-alive, sent every second by a viewer that holds the program.
    Renew,
}

/// What is wrong with what the other side says.
#[derive(Debug)]
pub(crate) enum Misunderstood {
    /// It cannot be read.
    Io(io::Error),
    /// It says something else than asyncline does.
    Foreign,
    /// It speaks another version.
    Version(u16),
    /// It closed the connection before it had begun.
    #[cfg(feature = "app")]
    Refused,
    /// It closed the connection.
    Closed,
}

impl From<io::Error> for Misunderstood {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Error for Misunderstood {}

impl fmt::Display for Misunderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Foreign => f.write_str("the other side is not asyncline"),
            Self::Version(version) => write!(
                f,
                "the other side speaks version {version} of the protocol, and this one version {VERSION}: \
                 use the same asyncline on both"
            ),
            #[cfg(feature = "app")]
            Self::Refused => f.write_str(
                "the connection was refused: perhaps another user's, or ASYNCLINE_TOKEN is not what the program wants",
            ),
            Self::Closed => f.write_str("the connection was closed"),
        }
    }
}

/// Something that is said as a frame.
pub(crate) trait Message: Sized {
    /// The longest frame, in bytes.
    const LONGEST: usize;
    /// Appends it.
    fn put(&self, to: &mut BytesMut);
    /// Reads it; none where it means nothing.
    fn take(from: Bytes) -> Result<Self, Misunderstood>;
}

fn put_hello(to: &mut BytesMut) {
    to.put_u8(0);
    to.put_slice(MAGIC);
    to.put_u16_le(VERSION);
}

/// Passes over what every hello begins with.
fn take_hello(from: &mut Bytes) -> Result<(), Misunderstood> {
    if !from.starts_with(MAGIC) {
        return Err(Misunderstood::Foreign);
    }
    from.advance(MAGIC.len());
    match from.try_get_u16_le() {
        Ok(VERSION) => Ok(()),
        Ok(other) => Err(Misunderstood::Version(other)),
        Err(_) => Err(Misunderstood::Foreign),
    }
}

fn text(from: &Bytes) -> Result<String, Misunderstood> {
    let text = std::str::from_utf8(from).map_err(|_| Misunderstood::Foreign)?;
    Ok(text.to_owned())
}

fn put_pace(to: &mut BytesMut, pace: Pace) {
    let (kind, lane) = match pace {
        Pace::Open => (0, 0),
        Pace::Playing => (1, 0),
        Pace::Paused => (2, 0),
        Pace::Step => (3, 0),
        Pace::ToWake => (4, 0),
        Pace::Until(lane) => (5, lane.0),
    };
    to.put_u8(kind);
    to.put_u64_le(lane);
}

fn take_pace(from: &mut Bytes) -> Result<Pace, Misunderstood> {
    let (kind, lane) = (from.try_get_u8(), from.try_get_u64_le());
    let (Ok(kind), Ok(lane)) = (kind, lane) else {
        return Err(Misunderstood::Foreign);
    };
    Ok(match kind {
        0 => Pace::Open,
        1 => Pace::Playing,
        2 => Pace::Paused,
        3 => Pace::Step,
        4 => Pace::ToWake,
        5 => Pace::Until(LaneId(lane)),
        _ => return Err(Misunderstood::Foreign),
    })
}

impl Message for ToViewer {
    const LONGEST: usize = LONGEST;

    fn put(&self, to: &mut BytesMut) {
        match self {
            Self::Hello {
                process,
                can_hold,
                name,
            } => {
                put_hello(to);
                to.put_u32_le(*process);
                to.put_u8((*can_hold).into());
                to.put_slice(name.as_bytes());
            }
            Self::Session(bytes) => {
                to.put_u8(1);
                to.put_slice(bytes);
            }
            Self::Pace(pace) => {
                to.put_u8(2);
                put_pace(to, *pace);
            }
            Self::Over => to.put_u8(3),
        }
    }

    fn take(mut from: Bytes) -> Result<Self, Misunderstood> {
        Ok(match from.try_get_u8() {
            Ok(0) => {
                take_hello(&mut from)?;
                let (process, can_hold) = (from.try_get_u32_le(), from.try_get_u8());
                Self::Hello {
                    process: process.map_err(|_| Misunderstood::Foreign)?,
                    can_hold: can_hold.map_err(|_| Misunderstood::Foreign)? == 1,
                    name: text(&from)?,
                }
            }
            Ok(1) => Self::Session(from),
            Ok(2) => Self::Pace(take_pace(&mut from)?),
            Ok(3) => Self::Over,
            _ => return Err(Misunderstood::Foreign),
        })
    }
}

impl Message for ToProgram {
    const LONGEST: usize = LONGEST_OF_VIEWER;

    fn put(&self, to: &mut BytesMut) {
        match self {
            Self::Hello { token } => {
                put_hello(to);
                to.put_slice(token.as_bytes());
            }
            Self::Pace(pace) => {
                to.put_u8(1);
                put_pace(to, *pace);
            }
            Self::Renew => to.put_u8(2),
        }
    }

    fn take(mut from: Bytes) -> Result<Self, Misunderstood> {
        Ok(match from.try_get_u8() {
            Ok(0) => {
                take_hello(&mut from)?;
                Self::Hello {
                    token: text(&from)?,
                }
            }
            Ok(1) => Self::Pace(take_pace(&mut from)?),
            Ok(2) => Self::Renew,
            _ => return Err(Misunderstood::Foreign),
        })
    }
}

/// Reads what the other side says.
#[derive(Debug)]
pub(crate) struct Ear<R> {
    from: R,
    codec: LengthDelimitedCodec,
    buffer: BytesMut,
}

/// Says something to the other side.
#[derive(Debug)]
pub(crate) struct Mouth<W> {
    to: W,
    codec: LengthDelimitedCodec,
    buffer: BytesMut,
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(LONGEST)
        .new_codec()
}

impl<R: AsyncRead + Unpin> Ear<R> {
    pub(crate) fn new(from: R) -> Self {
        Self {
            from,
            codec: codec(),
            buffer: BytesMut::new(),
        }
    }

    /// The next thing that is said. It can be given up at any time, and be asked for again.
    pub(crate) async fn hear<M: Message>(&mut self) -> Result<M, Misunderstood> {
        self.codec.set_max_frame_length(M::LONGEST);
        loop {
            if let Some(frame) = self.codec.decode(&mut self.buffer)? {
                return M::take(frame.freeze());
            }
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Err(Misunderstood::Closed);
            }
        }
    }
}

impl<W: AsyncWrite + Unpin> Mouth<W> {
    pub(crate) fn new(to: W) -> Self {
        Self {
            to,
            codec: codec(),
            buffer: BytesMut::new(),
        }
    }

    /// Says something, and waits until the system has taken it.
    pub(crate) async fn say(&mut self, message: &impl Message) -> io::Result<()> {
        let mut frame = BytesMut::new();
        message.put(&mut frame);
        self.buffer.clear();
        self.codec.encode(frame.freeze(), &mut self.buffer)?;
        self.to.write_all(&self.buffer).await?;
        self.to.flush().await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes<M: Message>(message: &M) -> Bytes {
        let mut to = BytesMut::new();
        message.put(&mut to);
        to.freeze()
    }

    fn pace() -> impl Strategy<Value = Pace> {
        prop_oneof![
            Just(Pace::Open),
            Just(Pace::Playing),
            Just(Pace::Paused),
            Just(Pace::Step),
            Just(Pace::ToWake),
            any::<u64>().prop_map(|lane| Pace::Until(LaneId(lane))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard(
            process in any::<u32>(), can_hold in any::<bool>(), name in ".*", pace in pace(), log in any::<Vec<u8>>(),
        ) {
            let hello = ToViewer::Hello { process, can_hold, name: name.clone() };
            let said = [hello, ToViewer::Session(log.into()), ToViewer::Pace(pace), ToViewer::Over];
            for message in said {
                prop_assert_eq!(ToViewer::take(bytes(&message))?, message);
            }
            for message in [ToProgram::Hello { token: name }, ToProgram::Pace(pace), ToProgram::Renew] {
                prop_assert_eq!(ToProgram::take(bytes(&message))?, message);
            }
        }

        #[test]
        fn nothing_that_is_heard_panics(said in any::<Vec<u8>>()) {
            let _ = ToViewer::take(said.clone().into());
            let _ = ToProgram::take(said.into());
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut said = BytesMut::from(
            &bytes(&ToProgram::Hello {
                token: String::new(),
            })[..],
        );
        said[10] = 9;
        let heard = ToProgram::take(said.freeze());
        assert!(matches!(heard, Err(Misunderstood::Version(9))), "{heard:?}");
    }
}
