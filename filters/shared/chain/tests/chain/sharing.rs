//! What members ask for together, and what stays among them.

use std::rc::Rc;

use chain::{Action, Chain, ChainError};
use gateway::{Host, LogLevel, Metric, Property, Root, Step};

use crate::support::{Bench, Decide, TestProxy, edit, passes, scripted};

/// Reads everything that filters read.
fn reads() -> Decide {
    Rc::new(|event, host: &dyn Host| {
        if event == "request" {
            assert_eq!(host.request_header("host").as_deref(), Some(&b"a.example"[..]));
            assert_eq!(host.request_header("x-api-key").as_deref(), Some(&b"1"[..]));
            assert_eq!(host.request_headers().last("x-api-key"), Some(&b"2"[..]));
            assert_eq!(host.request_headers_size(), ":authoritya.example:path/px-api-key1x-api-key2".len());
            host.attribute(&["xds", "route_name"]);
            host.property(Property::Authorizer);
        }
        Step::Continue
    })
}

#[test]
fn everything_is_fetched_once() {
    let bench = Bench::new(&[("a", reads()), ("b", reads()), ("c", reads())]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    let expected = ["request headers", "attribute xds.route_name"];
    assert_eq!(bench.proxy.asked.take(), expected, "and properties, which nobody else sets, not at all");
}

#[test]
fn a_filter_alone_fetches_the_one_header_that_it_needs() {
    let proxy = TestProxy::default();
    let reads: Decide = Rc::new(|_, host: &dyn Host| {
        host.request_header("x-api-key");
        Step::Continue
    });
    let chain = Rc::new(Chain::of_one(scripted("a", &proxy.journal, reads)));
    chain.stream().on_request_headers(&proxy, true);
    assert_eq!(proxy.asked.borrow()[0], "request header x-api-key");
}

#[test]
fn what_a_filter_alone_does_not_publish_nobody_wants() {
    let proxy = TestProxy::default();
    let leaves: Decide = Rc::new(|_, host: &dyn Host| {
        for property in [Property::Identity, Property::Error] {
            if host.wants(property) {
                host.log(LogLevel::Info, &format!("wants {property:?}"));
            }
        }
        Step::Continue
    });
    let chain = Rc::new(Chain::of_one(scripted("a", &proxy.journal, Rc::clone(&leaves))));
    chain.stream().on_request_headers(&proxy, true);
    assert_eq!(proxy.logged.take(), ["wants Error"]);
    let bench = Bench::new(&[("a", leaves), ("b", reads())]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    assert_eq!(bench.proxy.logged.take(), ["a: wants Identity", "a: wants Error"], "others are in the chain");
}

#[test]
fn changed_headers_are_fetched_again() {
    let edits: Decide = Rc::new(|event, host: &dyn Host| {
        host.request_headers();
        if event == "request" { edit("x") } else { Step::Continue }
    });
    let bench = Bench::new(&[("a", edits), ("b", reads())]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    assert_eq!(bench.proxy.asked.take()[..2], ["request headers", "request headers"]);
}

#[test]
fn changed_headers_of_the_response_are_known() {
    let sets: Decide = Rc::new(|event, host: &dyn Host| {
        host.response_headers();
        if event == "response" { edit("x") } else { Step::Continue }
    });
    let looks: Decide = Rc::new(|event, host: &dyn Host| {
        if event == "response" {
            assert_eq!(host.response_header("x").as_deref(), Some(&b"x"[..]));
            assert_eq!(host.response_headers().first(":status"), Some(&b"200"[..]));
        }
        Step::Continue
    });
    let bench = Bench::new(&[("looks", looks), ("sets", sets)]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    stream.on_response_headers(&bench.proxy, true);
    assert_eq!(bench.journal().last().map(String::as_str), Some("looks response end"));
    assert_eq!(bench.proxy.asked.take(), ["response headers"]);
}

#[test]
fn the_status_of_a_response_that_has_passed_is_known() {
    let asks: Decide = Rc::new(|event, host: &dyn Host| {
        if event == "response" {
            host.response_headers();
        }
        if event == "log" {
            let status = 200_i64.to_le_bytes();
            assert_eq!(host.attribute(&["response", "code"]).as_deref(), Some(&status[..]));
        }
        Step::Continue
    });
    let bench = Bench::new(&[("a", asks.clone()), ("b", asks)]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    stream.on_response_headers(&bench.proxy, true);
    stream.on_log(&bench.proxy);
    assert_eq!(bench.journal()[4..], ["a log", "b log"]);
    assert_eq!(bench.proxy.asked.take(), ["response headers"]);
}

#[test]
fn the_last_members_changes_are_for_the_backend() {
    let looks: Decide = Rc::new(|event, host: &dyn Host| {
        host.request_headers();
        if event == "request" { edit(":path") } else { Step::Continue }
    });
    let bench = Bench::new(&[("a", reads()), ("b", looks)]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    stream.on_response_headers(&bench.proxy, true);
    let fetched = bench.proxy.asked.take().into_iter().filter(|asked| asked == "request headers").count();
    assert_eq!(fetched, 1, "the response's members see the client's request");
}

#[test]
fn what_the_response_says_is_asked_anew() {
    let asks: Decide = Rc::new(|_, host: &dyn Host| {
        host.attribute(&["response", "code_details"]);
        Step::Continue
    });
    let bench = Bench::new(&[("a", asks.clone()), ("b", asks)]);
    let mut stream = bench.chain.stream();
    stream.on_request_headers(&bench.proxy, true);
    stream.on_response_headers(&bench.proxy, true);
    assert_eq!(bench.proxy.asked.take(), ["attribute response.code_details"; 2]);
}

#[test]
fn properties_stay_in_the_chain_unless_others_read_them() {
    let sets: Decide = Rc::new(|_, host: &dyn Host| {
        for property in [Property::Identity, Property::Authorizer, Property::UpstreamPath] {
            host.set_property(property, b"v");
        }
        Step::Continue
    });
    let gets: Decide = Rc::new(|_, host: &dyn Host| {
        assert_eq!(host.property(Property::Identity).as_deref(), Some(&b"v"[..]));
        Step::Continue
    });
    let bench = Bench::with(&[("a", sets), ("b", gets)], &[], vec![Property::Authorizer]);
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    assert_eq!(bench.proxy.asked.take(), ["set apigw.authorizer", "set apigw.upstream_path"]);
}

#[test]
fn members_that_a_route_does_not_use_do_not_run() {
    let members = [("a", passes()), ("b", passes()), ("c", passes())];
    let mut bench = Bench::with(&members, &[("GET /", &["a", "c"]), ("GET /x", &[])], Vec::new());
    for (route, events) in [
        (Some("GET /"), vec!["b"]),
        (Some("GET /x"), vec!["a", "b", "c"]),
        (Some("?"), vec!["a", "b", "c"]),
        (None, vec!["a", "b", "c"]),
    ] {
        bench.proxy.route = route;
        let mut stream = bench.chain.stream();
        assert_eq!(stream.on_request_headers(&bench.proxy, true), Action::Continue);
        let mut expected: Vec<String> = events.iter().map(|name| format!("{name} stream")).collect();
        expected.extend(events.iter().map(|name| format!("{name} request end")));
        assert_eq!(bench.proxy.journal.take(), expected, "{route:?}");
    }
}

#[test]
fn statistics_and_log_lines_are_the_members() {
    let counts: Decide = Rc::new(|_, host: &dyn Host| {
        host.count(Metric::Denied);
        host.log(LogLevel::Info, "text");
        Step::Continue
    });
    let bench = Bench::new(&[("a", passes()), ("b", counts)]);
    bench.chain.start(&bench.proxy).unwrap();
    bench.chain.stream().on_request_headers(&bench.proxy, true);
    assert_eq!(bench.proxy.counted.take(), [(1, Metric::Denied)]);
    assert_eq!(bench.proxy.logged.take(), ["a: starts", "b: starts", "b: text"]);
    assert_eq!(bench.chain.names().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn what_is_no_chain_is_refused() {
    let journal = TestProxy::default().journal;
    let filters = |names: &[&'static str]| -> Vec<Box<dyn Root>> {
        names.iter().map(|name| scripted(name, &journal, passes())).collect()
    };
    let none = std::collections::BTreeMap::new();
    assert_eq!(Chain::of(filters(&["a", "b", "a"]), &none, Vec::new()).unwrap_err(), ChainError::Twice(2));
    let without = [("GET /".to_owned(), vec!["a".to_owned(), "x".to_owned()])].into();
    let error = Chain::of(filters(&["a"]), &without, Vec::new()).unwrap_err();
    assert_eq!(error, ChainError::Unknown("GET /".to_owned(), 1));
}

#[test]
fn routes_pass_the_filters_of_their_own_deployment() {
    let names = |routes: &[(&str, &[&str])]| {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        routes.iter().map(|(route, names)| ((*route).to_owned(), list(names))).collect()
    };
    for (route, passed) in
        [("old", &["a"][..]), ("canary all", &["a", "b"]), ("canary a", &["a"]), ("new", &["a", "b"])]
    {
        let proxy = TestProxy { route: Some(route), ..TestProxy::default() };
        let two = || ["a", "b"].map(|name| scripted(name, &proxy.journal, passes())).into_iter().collect::<Vec<_>>();
        let chain = Chain::of(two(), &names(&[("old", &["b"])]), Vec::new()).unwrap();
        let further = names(&[("canary all", &[]), ("canary a", &["b"])]);
        let chain = Rc::new(chain.with_further(two(), &further).unwrap());
        assert_eq!(chain.names().count(), 4);
        chain.stream().on_request_headers(&proxy, true);
        let expected: Vec<String> = passed.iter().map(|name| format!("{name} request end")).collect();
        let seen: Vec<String> = proxy.journal.take().into_iter().filter(|line| line.contains("request")).collect();
        assert_eq!(seen, expected, "{route}");
    }
    let journal = TestProxy::default().journal;
    let one = || vec![scripted("a", &journal, passes())];
    let chain = Chain::of(one(), &names(&[("old", &["a"])]), Vec::new()).unwrap();
    let shared = chain.with_further(one(), &names(&[("old", &[])]));
    assert_eq!(shared.map(drop), Err(ChainError::Shared("old".to_owned())));
}
