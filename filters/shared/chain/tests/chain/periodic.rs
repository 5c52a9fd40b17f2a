//! Periodic work of several members.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chain::Chain;
use gateway::{Answer, Root};

use crate::support::{Scripted, TestProxy, answer, callout, passes};

fn member(name: &'static str, proxy: &TestProxy, tick_millis: u32, calls: &[&str]) -> Box<dyn Root> {
    Box::new(Scripted {
        name,
        journal: Rc::clone(&proxy.journal),
        decide: passes(),
        tick_millis,
        calls: RefCell::new(calls.iter().map(|cluster| callout(cluster)).collect()),
    })
}

fn chain(members: Vec<Box<dyn Root>>) -> Chain {
    Chain::of(members, &BTreeMap::new(), Vec::new()).unwrap()
}

#[test]
fn each_member_has_its_own_period() {
    let proxy = TestProxy::default();
    let chain = chain(vec![member("a", &proxy, 0, &[]), member("b", &proxy, 100, &[]), member("c", &proxy, 250, &[])]);
    assert_eq!(chain.tick_millis(), 100);
    for _ in 0..3 {
        assert_eq!(chain.on_tick(&proxy), None);
    }
    assert_eq!(proxy.journal.take(), ["b tick", "b tick", "b tick", "c tick"]);
}

#[test]
fn calls_are_made_one_after_the_other_and_answers_find_their_member() {
    let proxy = TestProxy::default();
    let chain = chain(vec![member("a", &proxy, 1, &["a1", "a2"]), member("b", &proxy, 1, &["b1"])]);
    assert_eq!(chain.on_tick(&proxy).unwrap().cluster, "a1");
    assert_eq!(chain.on_callout(&proxy, answer()).unwrap().cluster, "b1");
    assert_eq!(chain.on_callout(&proxy, Answer::Failed).unwrap().cluster, "a2");
    assert_eq!(chain.on_callout(&proxy, answer()), None);
    assert_eq!(chain.on_callout(&proxy, answer()), None, "nobody has called");
    assert_eq!(proxy.journal.take(), ["a tick", "b tick", "a answer", "b answer", "a answer"]);
}

#[test]
fn a_member_whose_call_waits_is_not_asked_for_another() {
    let proxy = TestProxy::default();
    let chain = chain(vec![member("a", &proxy, 1, &["a1"]), member("b", &proxy, 1, &["b1", "b2"])]);
    chain.on_tick(&proxy);
    for _ in 0..9 {
        assert_eq!(chain.on_tick(&proxy), None, "a's call is under way");
    }
    let ticks = proxy.journal.take().into_iter().filter(|event| event == "b tick").count();
    assert_eq!(ticks, 1);
}
