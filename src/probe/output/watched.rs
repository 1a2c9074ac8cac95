//! A recording that goes to whoever attaches.

use std::io;
use std::sync::Arc;

use super::running::{self, Destination, Ongoing, Until};
use super::variable::{Live, token};
use crate::event::printable;
use crate::probe::gate::{Gate, Pace};
use crate::probe::live::{Door, Hold, Hub, serve};
use crate::probe::record::recorder::DEFAULT_CAPACITY;
use crate::probe::record::taker::Taker;
use crate::text::plain::plain;

/// Begins one. What is wrong is told in words.
pub(super) fn begin(live: &Live, can_be_held: bool) -> Result<Arc<Ongoing>, String> {
    let token = token()?;
    let doors = doors(live, &token)?;
    let gate = can_be_held.then(|| Arc::new(Gate::real_time(Pace::Playing)));
    let hub = Hub::new();
    let (recorder, taker) = Taker::real_time(gate.clone(), DEFAULT_CAPACITY);
    let hold = gate.map(|gate| Hold::new(gate, recorder.clone()));
    let server = serve(doors, running::program(), token, &hub, hold);
    let begun = server.and_then(|server| {
        let destination = Destination::Viewers(hub, server);
        Ongoing::write_to(destination, recorder, taker, Until::ProcessEnds)
    });
    begun.map_err(|why| format!("cannot start the recording thread: {}", plain(&why)))
}

fn doors(live: &Live, token: &str) -> Result<Vec<Door>, String> {
    match live {
        Live::Here => {
            let door = Door::unix(None);
            Ok(vec![door.map_err(|why| {
                format!("no socket for viewers: {}", plain(&why))
            })?])
        }
        Live::At(path) => {
            let no_socket =
                |why: io::Error| format!("no socket at {}: {}", printable::path(path), plain(&why));
            // A process that this one's parent began has it: then this one is found by its number.
            let door = Door::unix(Some(path)).or_else(|why| {
                if why.kind() == io::ErrorKind::AddrInUse {
                    return Door::unix(None);
                }
                Err(why)
            });
            Ok(vec![door.map_err(no_socket)?])
        }
        Live::Tcp(address) => {
            let door = Door::tcp(*address, token);
            Ok(vec![door.map_err(|why| {
                format!("no port at {address}: {}", plain(&why))
            })?])
        }
        Live::To(path) => {
            let viewer = Door::viewer(path).map_err(|why| {
                format!("no viewer at {}: {}", printable::path(path), plain(&why))
            })?;
            // Others may attach, too, but need not.
            Ok([Door::unix(None).ok(), Some(viewer)]
                .into_iter()
                .flatten()
                .collect())
        }
    }
}
