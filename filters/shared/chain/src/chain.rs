//! A chain, configured.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;

use gateway::{Answer, Callout, ConfigError, Filter, Host, LogLevel, Property, Root, configure};

use crate::memory::Memory;
use crate::proxy::Proxy;
use crate::stream::ChainStream;
use crate::view::View;

/// Filters that run one after the other.
pub struct Chain {
    members: Vec<Member>,
    /// Indices of the members that a route passes, for routes that do not pass all of them.
    routes: BTreeMap<String, Rc<[usize]>>,
    all: Rc<[usize]>,
    published: Published,
    calls: Calls,
}

struct Member {
    root: Box<dyn Root>,
    /// Time since the member's last periodic work, in milliseconds.
    idle_millis: Cell<u32>,
}

/// What members leave for others outside of the chain.
enum Published {
    /// What the only member says.
    ByMember,
    Only(Vec<Property>),
}

/// Calls of members' periodic work: one under way, others waiting, at most one of each member.
#[derive(Default)]
struct Calls {
    under_way: Cell<Option<usize>>,
    waiting: RefCell<VecDeque<(usize, Callout)>>,
}

/// Why members cannot be a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// Two members are the same filter: the second one's place.
    Twice(usize),
    /// A route leaves out a filter that is not in the chain: the route, and the place in its list.
    Unknown(String, usize),
    /// A route belongs to two deployments.
    Shared(String),
}

impl Chain {
    /// A filter alone; other filters may be other modules.
    pub fn of_one(filter: Box<dyn Root>) -> Self {
        Self::new(vec![filter], BTreeMap::new(), Published::ByMember)
    }

    /// Filters in the order in which they see a request. `without` are the filters that a route does not pass, by the
    /// route's name; a route that it does not name passes all of them. `published` are the properties that Envoy's own
    /// configuration reads, beside those that routes always take.
    ///
    /// # Errors
    /// Something in it belongs to no member, or to two.
    pub fn of(
        filters: Vec<Box<dyn Root>>,
        without: &BTreeMap<String, Vec<String>>,
        published: Vec<Property>,
    ) -> Result<Self, ChainError> {
        let mut chain =
            Self::new(Vec::new(), BTreeMap::new(), Published::Only(published)).with_further(filters, without)?;
        chain.all = (0..chain.members.len()).collect();
        Ok(chain)
    }

    /// The chain with the filters of one more deployment: another API or stage, or a canary. `without` names all of its
    /// routes, also those that pass every filter; no request of another route meets these filters.
    ///
    /// # Errors
    /// Something in it belongs to no member, or to two.
    pub fn with_further(
        mut self,
        filters: Vec<Box<dyn Root>>,
        without: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, ChainError> {
        for (place, filter) in filters.iter().enumerate() {
            if filters.iter().take(place).any(|other| other.name() == filter.name()) {
                return Err(ChainError::Twice(place));
            }
        }
        let first = self.members.len();
        for (route, names) in without {
            if let Some(place) = names.iter().position(|name| !filters.iter().any(|filter| filter.name() == name)) {
                return Err(ChainError::Unknown(route.clone(), place));
            }
            let passed = filters.iter().zip(first..).filter(|(filter, _)| !names.iter().any(|n| n == filter.name()));
            let passed = passed.map(|(_, index)| index).collect();
            if self.routes.insert(route.clone(), passed).is_some() {
                return Err(ChainError::Shared(route.clone()));
            }
        }
        self.members.extend(filters.into_iter().map(|root| Member { root, idle_millis: Cell::new(0) }));
        Ok(self)
    }

    fn new(filters: Vec<Box<dyn Root>>, routes: BTreeMap<String, Rc<[usize]>>, published: Published) -> Self {
        let all = (0..filters.len()).collect();
        let members = filters.into_iter().map(|root| Member { root, idle_millis: Cell::new(0) }).collect();
        Self { members, routes, all, published, calls: Calls::default() }
    }

    /// Lets every member set up what it shares.
    ///
    /// # Errors
    /// A member refuses.
    pub fn start(&self, proxy: &dyn Proxy) -> Result<(), ConfigError> {
        let memory = Memory::default();
        let mut members = self.members.iter().enumerate();
        members.try_for_each(|(index, member)| member.root.start(&View { proxy, chain: self, memory: &memory, index }))
    }

    /// The members' names, in order: those of their statistics.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.members.iter().map(|member| member.root.name())
    }

    /// The way of a new request.
    pub fn stream(self: &Rc<Self>) -> ChainStream {
        ChainStream::new(Rc::clone(self))
    }

    /// Whether a member's streams get messages, so that the worker needs an address.
    pub fn takes_messages(&self) -> bool {
        self.members.iter().any(|member| member.root.takes_messages())
    }

    /// How often [`Chain::on_tick`] is to be called, in milliseconds; 0 for never.
    pub fn tick_millis(&self) -> u32 {
        self.members.iter().map(|member| member.root.tick_millis()).filter(|millis| *millis > 0).min().unwrap_or(0)
    }

    /// Periodic work of the members whose time it is. A returned callout is to be sent, and its answer brought to
    /// [`Chain::on_callout`].
    pub fn on_tick(&self, proxy: &dyn Proxy) -> Option<Callout> {
        let passed = self.tick_millis();
        for (index, member) in self.members.iter().enumerate() {
            let period = member.root.tick_millis();
            let idle = member.idle_millis.get().saturating_add(passed);
            member.idle_millis.set(idle);
            if period == 0 || idle < period || self.calls.has(index) {
                continue;
            }
            member.idle_millis.set(0);
            let view = View { proxy, chain: self, memory: &Memory::default(), index };
            if let Some(callout) = member.root.on_tick(&view) {
                self.calls.add(index, callout);
            }
        }
        self.calls.next()
    }

    /// The answer to a callout of periodic work; what is returned is to be sent.
    pub fn on_callout(&self, proxy: &dyn Proxy, answer: Answer) -> Option<Callout> {
        let index = self.calls.under_way.take()?;
        let member = self.members.get(index)?;
        let view = View { proxy, chain: self, memory: &Memory::default(), index };
        if let Some(callout) = member.root.on_callout(&view, answer) {
            self.calls.add(index, callout);
        }
        self.calls.next()
    }
}

impl Chain {
    /// The members that a route passes.
    pub(crate) fn members_of(&self, route: &str) -> Rc<[usize]> {
        Rc::clone(self.routes.get(route).unwrap_or(&self.all))
    }

    /// Whether routes pass different members.
    pub(crate) fn has_routes(&self) -> bool {
        !self.routes.is_empty()
    }

    pub(crate) fn root(&self, index: usize) -> Option<&dyn Root> {
        self.members.get(index).map(|member| member.root.as_ref())
    }

    /// Whether several members may ask for the same.
    pub(crate) fn is_shared(&self) -> bool {
        self.members.len() > 1
    }

    /// Whether only members leave properties that members read.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.published, Published::Only(_))
    }

    pub(crate) fn publishes(&self, property: Property) -> bool {
        match &self.published {
            Published::ByMember => {
                let published = self.root(0).and_then(Root::published);
                published.is_none_or(|published| published.contains(&property))
            }
            Published::Only(published) => property.is_taken_by_envoy() || published.contains(&property),
        }
    }

    /// Writes a member's log line. Envoy names the filter itself where there is only one.
    pub(crate) fn log(&self, host: &dyn Host, index: usize, level: LogLevel, message: &str) {
        match self.root(index).filter(|_| self.is_shared()) {
            Some(root) => host.log(level, &format!("{}: {message}", root.name())),
            None => host.log(level, message),
        }
    }
}

impl Calls {
    fn has(&self, index: usize) -> bool {
        self.waiting.borrow().iter().any(|(waiting, _)| *waiting == index)
    }

    fn add(&self, index: usize, callout: Callout) {
        self.waiting.borrow_mut().push_back((index, callout));
    }

    /// The next call, when none is under way.
    fn next(&self) -> Option<Callout> {
        if self.under_way.get().is_some() {
            return None;
        }
        let (index, callout) = self.waiting.borrow_mut().pop_front()?;
        self.under_way.set(Some(index));
        Some(callout)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// One of a module's filters: what `root_id` names.
pub struct Entry {
    /// Name in `root_id`.
    pub name: &'static str,
    /// Configures it from JSON.
    pub configure: fn(&[u8]) -> Result<Chain, ConfigError>,
}

impl Entry {
    /// The entry of filter `F`.
    pub const fn of<F: Filter>() -> Self {
        Self { name: F::NAME, configure: |json| configure::<F>(json).map(Chain::of_one) }
    }
}
