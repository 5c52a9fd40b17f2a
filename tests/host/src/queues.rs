//! Shared queues. The VM that registered a queue last is told of every new item.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, Weak},
};

use crate::{Status, vm::Vm};

/// The process-wide queues.
#[derive(Default)]
pub(crate) struct Queues {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    tokens: HashMap<(String, Vec<u8>), u32>,
    queues: HashMap<u32, Queue>,
}

struct Queue {
    items: VecDeque<Vec<u8>>,
    owner: Weak<Vm>,
    root: u32,
}

impl Queues {
    /// Registers a queue for `root` of `owner`, keeping what it holds.
    pub(crate) fn register(&self, vm_id: &str, name: &[u8], owner: Weak<Vm>, root: u32) -> u32 {
        let mut inner = self.inner.lock().unwrap();
        let next = inner.queues.len() as u32 + 1;
        let token = *inner.tokens.entry((vm_id.to_owned(), name.to_vec())).or_insert(next);
        let items = inner.queues.remove(&token).map(|queue| queue.items).unwrap_or_default();
        inner.queues.insert(token, Queue { items, owner, root });
        token
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        self.inner.lock().unwrap().tokens.get(&(vm_id.to_owned(), name.to_vec())).copied()
    }

    /// Appends an item and says whom to tell.
    pub(crate) fn enqueue(&self, token: u32, item: Vec<u8>) -> Result<(Weak<Vm>, u32), Status> {
        let mut inner = self.inner.lock().unwrap();
        let queue = inner.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.push_back(item);
        Ok((queue.owner.clone(), queue.root))
    }

    pub(crate) fn dequeue(&self, token: u32) -> Result<Vec<u8>, Status> {
        let mut inner = self.inner.lock().unwrap();
        inner.queues.get_mut(&token).ok_or(Status::NotFound)?.items.pop_front().ok_or(Status::Empty)
    }

    /// Forgets the queues of a `vm_id`.
    pub(crate) fn drop_vm_id(&self, vm_id: &str) {
        let mut inner = self.inner.lock().unwrap();
        let gone: Vec<_> = inner.tokens.iter().filter(|((id, _), _)| id == vm_id).map(|(_, token)| *token).collect();
        inner.tokens.retain(|(id, _), _| id != vm_id);
        inner.queues.retain(|token, _| !gone.contains(token));
    }
}
