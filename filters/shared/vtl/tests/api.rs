//! What a caller does with the engine: variables in, overrides out, errors and traces.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use vtl::{Budget, Host, Input, Map, MapKind, Parameters, RenderErrorKind, Scope, Template, Thrown, Util, Value};

fn context() -> Map {
    let context = Map::new(MapKind::Context);
    let overrides = Map::new(MapKind::Context);
    for name in ["path", "header", "querystring"] {
        overrides.insert(name, Map::new(MapKind::Context));
    }
    let response = Map::new(MapKind::Context);
    response.insert("header", Map::new(MapKind::Context));
    let identity = Map::new(MapKind::Context);
    identity.insert("sourceIp", "192.0.2.1");
    identity.insert("user", Value::Null);
    context.insert("stage", "prod");
    context.insert("requestOverride", overrides);
    context.insert("identity", identity);
    context.insert("responseOverride", response);
    context
}

fn render(template: &str, context: &Map) -> String {
    let template = Template::compile(template).unwrap();
    let mut scope = Scope::new();
    scope.set("context", context.clone()).host("util", &Util);
    template.render(&mut scope).unwrap()
}

fn member(map: &Map, path: &[&str]) -> Option<String> {
    let (last, names) = path.split_last()?;
    let mut map = map.clone();
    for name in names {
        map = map.get(name)?.as_map()?.clone();
    }
    map.get(last).map(|value| value.to_string())
}

#[test]
fn overrides_are_read_from_the_map_that_was_given() {
    let context = context();
    let output = render(
        r#"#set($context.requestOverride.header.foo = "bar")
#set($context.requestOverride.header['x-foo'] = "bar")
#set($context["requestOverride"].querystring["q"] = "v")
#set($name = "id")
#set($context.requestOverride.path[$name] = 5)
#set($x = $context.responseOverride.header.put('x-a', 'b'))
#set($context.requestOverride.header.x-bar = "$context.stage!")
#set($context.responseOverride.status = 201)
"#,
        &context,
    );
    assert_eq!(output, "");
    assert_eq!(member(&context, &["requestOverride", "header", "foo"]).as_deref(), Some("bar"));
    assert_eq!(member(&context, &["requestOverride", "header", "x-foo"]).as_deref(), Some("bar"));
    assert_eq!(member(&context, &["requestOverride", "header", "x-bar"]).as_deref(), Some("prod!"));
    assert_eq!(member(&context, &["requestOverride", "querystring", "q"]).as_deref(), Some("v"));
    assert_eq!(member(&context, &["requestOverride", "path", "id"]).as_deref(), Some("5"));
    assert_eq!(member(&context, &["responseOverride", "header", "x-a"]).as_deref(), Some("b"));
    assert_eq!(member(&context, &["responseOverride", "status"]).as_deref(), Some("201"));
}

/// Recorded on API Gateway: a part of `$context` prints nothing, its keys can be listed.
#[test]
fn context_is_listed_but_not_printed() {
    let output = render(
        "[$context.identity][$context.get('requestOverride')][$context.requestOverride.path][$context]\
         #foreach($k in $context.keySet())$k #end|#foreach($k in $context.identity.keySet())$k=$context.identity.get($k) #end\
         [$context.authorizer.keySet()]#foreach($k in $context.authorizer.keySet())$k#end",
        &context(),
    );
    assert_eq!(output, "[][][][]stage requestOverride identity responseOverride |sourceIp=192.0.2.1 user= []");
}

#[test]
fn parameters_are_searched_in_path_query_and_header() {
    let parameters = Parameters::default();
    parameters.path.insert("id", "p");
    parameters.query_string.insert("id", "q");
    parameters.query_string.insert("page", "2");
    parameters.header.insert("X-Test", "t");
    let input = Input::new("", parameters);
    let template = Template::compile(
        "$input.params('id')$input.params('page')$input.params('x-test')|$input.params('nope')| \
         $input.params().header.get('x-TEST')$input.params().header['x-test']$input.params().header.X-Test \
         $input.params().querystring.get('PAGE')|$input.params()|$input.body|$input.json('$')|$input.nope|$input.nope()|$input",
    )
    .unwrap();
    let mut scope = Scope::new();
    scope.host("input", &input);
    assert_eq!(
        template.render(&mut scope).unwrap(),
        "p2t|| ttt |{path={id=p}, querystring={id=q, page=2}, header={X-Test=t}}|{}|{}|||"
    );
}

#[test]
fn what_a_template_changes_in_a_payload_stays_in_the_value() {
    let input = Input::new(r#"{"a":{"b":[1]},"c":"x"}"#, Parameters::default());
    let template = Template::compile(
        "#set($root = $input.path('$'))#set($root.a.new = 2)#set($q = $root.a.b.add(3))$root \
         $input.path('$') $input.json('$.a')|#set($root.c = 'y')$root.c$root.a.b[1]",
    )
    .unwrap();
    let mut scope = Scope::new();
    scope.host("input", &input);
    assert_eq!(template.render(&mut scope).unwrap(), "{a={b=[1,3], new=2}, c=x} {a={b=[1]}, c=x} {\"b\":[1]}|y3");
}

#[test]
fn a_failing_method_is_named_with_its_place() {
    let template = Template::compile("{\n  \"a\": \"$s.trim().substring(9)\"\n}").unwrap();
    let error = template.render(Scope::new().set("s", "abc")).unwrap_err();
    assert_eq!((error.line, error.column), (2, 19));
    assert_eq!(
        error.kind,
        RenderErrorKind::Method { method: "substring".to_owned(), reason: "begin 9, length 3".to_owned() }
    );
    assert_eq!(error.to_string(), "line 2, column 19: `substring` failed: begin 9, length 3");
}

#[test]
fn a_place_inside_of_a_string_is_told() {
    let template = Template::compile("#set($x = \"ab $s.substring(9)\")").unwrap();
    let error = template.render(Scope::new().set("s", "abc")).unwrap_err();
    assert_eq!((error.line, error.column), (1, 18));
}

#[test]
fn a_trace_has_every_reference_and_its_value() {
    let template = Template::compile("$a.b\n#if($n > 1)$nope#end#set($x = \"$n!\")").unwrap();
    let map = Map::default();
    map.insert("b", "c");
    let mut seen = Vec::new();
    let mut observer = |trace: vtl::Trace<'_>| {
        seen.push(format!("{}:{} {} = {:?}", trace.line, trace.column, trace.reference, trace.value.to_string()));
    };
    let mut scope = Scope::new();
    scope.set("a", map).set("n", 2).trace(&mut observer);
    template.render(&mut scope).unwrap();
    assert_eq!(seen, ["1:1 $a.b = \"c\"", "2:5 $n = \"2\"", "2:12 $nope = \"\"", "2:32 $n = \"2\""]);
}

#[test]
fn a_host_of_the_callers() {
    struct Clock;
    impl Host for Clock {
        fn property(&self, property: &str, _: &Budget) -> Result<Option<Value>, Thrown> {
            Ok((property == "now").then(|| Value::from(42)))
        }
        fn call(&self, method: &str, arguments: &[Value], _: &Budget) -> Result<Option<Value>, Thrown> {
            match (method, arguments) {
                ("fail", []) => Err(Thrown::from("broken")),
                ("add", [Value::Int(a), Value::Int(b)]) => Ok(Some(Value::from(i64::from(*a) + i64::from(*b)))),
                _ => Ok(None),
            }
        }
    }
    let clock = Clock;
    let mut scope = Scope::new();
    scope.host("clock", &clock);
    let output = Template::compile("$clock.now $clock.add(2, 3) [$clock.nope][$clock.nope()][$clock]").unwrap();
    assert_eq!(output.render(&mut scope).unwrap(), "42 5 [][][]");
    assert!(Template::compile("$clock.fail()").unwrap().render(&mut scope).is_err());
}
