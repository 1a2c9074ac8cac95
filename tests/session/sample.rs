//! A session log whose blocks are known, and blocks made by hand from the format's description.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use asyncline::event::{Event, EventKind};
use asyncline::recording::{Meta, Writer};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::arbitrary;

/// A finished session log.
pub struct Sample {
    pub bytes: Vec<u8>,
    pub meta: Meta,
    /// Where the metadata stands, then each block of events, then the end.
    pub blocks: Vec<Range<usize>>,
    /// The events of each of these blocks.
    pub events: Vec<Vec<Event>>,
}

impl Sample {
    /// As many blocks of events, each with as many events. None of them is a loss.
    pub fn new(blocks: usize, each: usize) -> Self {
        let (output, meta) = (Output::default(), meta());
        let mut writer = Writer::new(output.clone(), &meta).unwrap();
        let mut ends = vec![16, output.length()];
        let mut events = vec![Vec::new()];
        let mut runner = TestRunner::deterministic();
        for _ in 0..blocks {
            let strategy = arbitrary::events(each);
            let mut of_block = strategy.new_tree(&mut runner).unwrap().current();
            of_block.retain(|event| !matches!(event.kind, EventKind::Lost { .. }));
            writer.write(&of_block).unwrap();
            writer.flush().unwrap();
            ends.push(output.length());
            events.push(of_block);
        }
        writer.finish().unwrap();
        ends.push(output.length());
        events.push(Vec::new());
        let blocks = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
        let bytes = output.bytes();
        Self {
            bytes,
            meta,
            blocks,
            events,
        }
    }

    /// All events.
    pub fn all(&self) -> Vec<Event> {
        self.events.concat()
    }
}

/// Some metadata.
pub fn meta() -> Meta {
    let start = UNIX_EPOCH + Duration::new(1_784_019_903, 250_000_001);
    Meta::new("say_after as two tasks · 작업", "tasks", start)
}

/// A place in memory to write to, which others can look at.
#[derive(Clone, Default)]
pub struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    pub fn length(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A block as the description of the format has it.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub kind: u8,
    pub flags: u8,
    pub number: u32,
    pub before: u64,
    pub events: u64,
    pub time: u64,
    pub payload: Vec<u8>,
    /// What the header says of the payload's length, where that is not the truth.
    pub length: Option<u64>,
}

impl Block {
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0xff, 0x62, 0x6c, 0x6b, self.kind, self.flags, 0, 0];
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(crc32c::crc32c(&self.payload).to_le_bytes());
        bytes.extend(self.before.to_le_bytes());
        bytes.extend(self.events.to_le_bytes());
        bytes.extend(self.time.to_le_bytes());
        let length = self.length.unwrap_or(self.payload.len() as u64);
        bytes.extend(length.to_le_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        assert_eq!(bytes.len(), 52);
        bytes.extend(&self.payload);
        bytes
    }
}

/// A file header with this version.
pub fn file_header(version: u16) -> Vec<u8> {
    let mut bytes = vec![0x89, 0x61, 0x6c, 0x69, 0x6e, 0x65, 0x0d, 0x0a];
    bytes.extend(version.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// A file of version 1 with empty metadata, these blocks and no end.
pub fn file(blocks: &[Block]) -> Vec<u8> {
    let mut bytes = file_header(1);
    let metadata = Block {
        kind: 1,
        ..Block::default()
    };
    bytes.extend(metadata.bytes());
    bytes.extend(blocks.iter().flat_map(Block::bytes));
    bytes
}
