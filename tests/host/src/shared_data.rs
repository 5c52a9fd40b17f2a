//! Key-value data that all VMs of one `vm_id` share, with compare-and-set.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use crate::Status;

/// The process-wide table.
pub(crate) struct SharedTable {
    inner: Mutex<Inner>,
}

/// Values, each with its compare-and-set number, by key.
type Data = BTreeMap<Vec<u8>, (Vec<u8>, u32)>;

struct Inner {
    data: HashMap<String, Data>,
    next_cas: u32,
    /// Writes with a compare-and-set value that are yet to lose against an imaginary other worker.
    contention: u32,
}

impl SharedTable {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::new(Inner { data: HashMap::new(), next_cas: 1, contention: 0 }) }
    }

    pub(crate) fn get(&self, vm_id: &str, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.inner.lock().unwrap().data.get(vm_id)?.get(key).cloned()
    }

    /// Writes where `cas` is 0, the key is new (whatever `cas` is), or `cas` is the value's.
    pub(crate) fn set(&self, vm_id: &str, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        let mut inner = self.inner.lock().unwrap();
        let fresh = inner.next_cas();
        if cas != 0 && inner.contention > 0 {
            inner.contention -= 1;
            if let Some((_, present)) = inner.data.entry(vm_id.to_owned()).or_default().get_mut(key) {
                *present = fresh;
            }
            return Err(Status::CasMismatch);
        }
        let table = inner.data.entry(vm_id.to_owned()).or_default();
        if let Some((_, present)) = table.get(key)
            && cas != 0
            && cas != *present
        {
            return Err(Status::CasMismatch);
        }
        table.insert(key.to_vec(), (value.to_vec(), fresh));
        Ok(())
    }

    pub(crate) fn drop_vm_id(&self, vm_id: &str) {
        self.inner.lock().unwrap().data.remove(vm_id);
    }
}

impl Inner {
    fn next_cas(&mut self) -> u32 {
        let cas = self.next_cas;
        self.next_cas = self.next_cas.checked_add(1).unwrap_or(1);
        cas
    }
}

/// A test's view of the shared data of one `vm_id`.
pub struct SharedData<'a> {
    pub(crate) table: &'a SharedTable,
    pub(crate) vm_id: &'a str,
}

impl SharedData<'_> {
    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Some(self.table.get(self.vm_id, key.as_ref())?.0)
    }

    /// Writes a value, as another worker would.
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.table.set(self.vm_id, key.as_ref(), value.as_ref(), 0).unwrap();
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let inner = self.table.inner.lock().unwrap();
        inner.data.get(self.vm_id).map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }

    /// Makes the next `times` compare-and-set writes of any `vm_id` fail, as if another worker had always been faster.
    pub fn contend(&self, times: u32) {
        self.table.inner.lock().unwrap().contention = times;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compare_and_set_lets_the_first_writer_win() {
        let table = SharedTable::new();
        table.set("v", b"k", b"1", 0).unwrap();
        let (_, cas) = table.get("v", b"k").unwrap();
        table.set("v", b"k", b"2", cas).unwrap();
        assert_eq!(table.set("v", b"k", b"3", cas), Err(Status::CasMismatch));
        table.set("v", b"k", b"4", 0).unwrap();
        assert_eq!(table.get("v", b"k").unwrap().0, b"4");
    }

    #[test]
    fn a_new_key_is_written_whatever_the_compare_value_says() {
        let table = SharedTable::new();
        table.set("v", b"new", b"1", 77).unwrap();
        assert!(table.get("v", b"new").is_some());
        assert!(table.get("other", b"new").is_none());
    }
}
