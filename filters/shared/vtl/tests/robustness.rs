//! Whatever the template and the payload: no panic, and bounded time and memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use std::sync::OnceLock;

use proptest::prelude::*;
use support::{own, rows};
use vtl::limits::{MAX_OUTPUT_BYTES, MAX_TEMPLATE_BYTES};
use vtl::{Input, Limit, List, ListKind, Map, Parameters, RenderError, RenderErrorKind, Scope, Template, Util, Value};

const BODY: &str = r#"{"a":[1,2.5,"x",null,{"b":true}],"s":"t\u0000\ud83d\ude00e","n":12345678901234567890.5,"a":{}}"#;

fn render(template: &str, body: &str) -> Result<String, RenderError> {
    let template = Template::compile(template)?;
    let input = Input::new(body, Parameters::default());
    let map = Map::default();
    map.insert("k", "v");
    map.insert("a", 1);
    let list = List::new(ListKind::Vtl, vec![1.into(), "b".into(), Value::Null]);
    let mut scope = Scope::new();
    scope.set("s", "H\u{e9}llo \u{1F600}").set("n", 7).set("d", 2.5).set("m", map).set("l", list);
    scope.host("input", &input).host("util", &Util);
    template.render(&mut scope)
}

/// Pieces that mean something to the lexer, the parser or a method.
const PIECES: &[&str] = &[
    "$",
    "#",
    "\\",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ".",
    "!",
    "\"",
    "'",
    ",",
    ":",
    "=",
    " ",
    "\n",
    "\r\n",
    "\t",
    "..",
    "##",
    "#*",
    "*#",
    "#**",
    "#[[",
    "]]#",
    "#if(",
    "#if(true)",
    "#else",
    "#elseif($s)",
    "#end",
    "#{end}",
    "#set(",
    "#set($x = ",
    "#foreach($i in ",
    "#foreach($i in [1..3])",
    "#foreach($i in $l)",
    "#define($d)",
    "$d",
    "#stop",
    "#break",
    "#macro(q)",
    "#literal()",
    "#@q()",
    "#q(",
    "$s",
    "$m",
    "$l",
    "$n",
    "$x",
    "$i",
    "$foreach",
    "$foreach.index",
    ".k",
    ".length()",
    ".substring(1)",
    ".substring(-1, 99)",
    ".split('')",
    ".replaceAll('(l+)', '$1$1')",
    ".add($l)",
    ".put('k', $m)",
    ".get(0)",
    ".remove(0)",
    ".keySet()",
    ".entrySet()",
    ".iterator()",
    ".next()",
    ".clear()",
    ".format('%5$s%-9999d', 1)",
    ".charAt(7)",
    ".indexOf('l', 99)",
    ".toString()",
    ".hashCode()",
    ".equals($l)",
    "[0]",
    "[-1]",
    "[$n]",
    "['k']",
    "1",
    "-1",
    "2147483647",
    "9223372036854775807",
    "1e308",
    "1.5",
    " + ",
    " - ",
    " * ",
    " / ",
    " % ",
    " == ",
    " && ",
    " || ",
    "!",
    "'a'",
    "\"$s$l\"",
    "[1,'b']",
    "{'k':1}",
    "[1..9]",
    "true",
    "$input.path('$')",
    "$input.json('$..*')",
    "$input.path('$.a[?(@.b)]')",
    "$input.body",
    "$util.parseJson('[1]')",
    "$util.escapeJavaScript($s)",
    "$util.urlDecode('%')",
    "\u{e9}",
    "\u{1F600}",
    "\u{0}",
];

fn corpus() -> &'static [String] {
    static CORPUS: OnceLock<Vec<String>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let files = std::fs::read_dir(own("cases")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        files.flat_map(|path| rows(&path)).map(|row| row["template"].as_str().unwrap().to_owned()).collect()
    })
}

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 1..25).prop_map(|pieces| pieces.concat())
}

fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(PIECES));
    (any::<prop::sample::Index>(), prop::collection::vec(edit, 1..5)).prop_map(|(pick, edits)| {
        let mut chars: Vec<char> = pick.get(corpus()).chars().collect();
        for (at, remove, piece) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

fn check(template: &str, body: &str) {
    match render(template, body) {
        Ok(output) => assert!(output.len() <= MAX_OUTPUT_BYTES),
        // Errors can be shown.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_soup_of_pieces(template in soup()) {
        check(&template, BODY);
    }

    #[test]
    fn any_change_of_a_template(template in mutated()) {
        check(&template, BODY);
    }

    #[test]
    fn any_text(template in "\\PC{0,60}", body in "\\PC{0,40}") {
        check(&template, &body);
    }

    #[test]
    fn any_pattern(pattern in "[a-c.*+?()\\[\\]{}|^$\\\\dwsbQE0-9,:=!<>&-]{0,12}", text in "[a-c ]{0,8}") {
        let pattern = pattern.replace('\'', "''");
        check(&format!("#set($t='{text}')$t.replaceAll('{pattern}','x')$t.split('{pattern}').size()$t.matches('{pattern}')"), "");
    }

    #[test]
    fn any_format(format in "[%$a-zA-Z0-9.,+ (<#-]{0,10}") {
        check(&format!("$s.format('{format}', $s, $n, $d, true)$s.format('{format}', $d, 12345678901234567890, $l)"), "");
    }
}

/// The bound that a template reaches.
fn limit(template: &str) -> Option<Limit> {
    match render(template, BODY) {
        Err(RenderError { kind: RenderErrorKind::Limit(limit), .. }) => Some(limit),
        _ => None,
    }
}

#[test]
fn what_grows_without_end_is_stopped() {
    let twice = |inner: &str| format!("#foreach($i in [1..1000])#foreach($j in [1..1000]){inner}#end#end");
    let thrice = |inner: &str| twice(&format!("#foreach($k in [1..1000]){inner}#end"));
    assert_eq!(limit(&thrice("#set($x=1)")), Some(Limit::Steps));
    assert_eq!(limit(&twice("0123456789012345678901234567890123456789")), Some(Limit::Output));
    assert_eq!(limit("#set($x='abcdefgh')#foreach($i in [1..100])#set($x=\"$x$x\")#end"), Some(Limit::Output));
    assert_eq!(limit("#set($x='abcdefgh')#foreach($i in [1..100])#set($x=$x + $x)#end"), Some(Limit::Output));
    assert_eq!(limit("#set($x='abcdefgh')$x.repeat(999999999)"), Some(Limit::Output));
    assert_eq!(limit("#set($x='abcdefgh'.concat('')"), None);
    assert_eq!(limit("#set($x=$s.repeat(100000))$x.replace('l', $x)"), Some(Limit::Output));
    assert_eq!(
        limit("#set($x=$s.repeat(100000))#set($y=[])#foreach($i in [1..1000])#set($q=$y.add($x.concat('')))#end"),
        Some(Limit::Memory)
    );
    assert_eq!(limit("#foreach($i in [1..100])#set($q=$l.addAll($l))#end"), Some(Limit::Memory));
    assert_eq!(limit("#set($x=[1..2147483647])"), Some(Limit::Memory));
    assert_eq!(limit("#set($x=[])#foreach($i in [1..1000])#set($x=[$x])#end$x"), Some(Limit::Depth));
    assert_eq!(limit("#set($a=[])#set($b=[$a])#set($q=$a.add($b))$a"), Some(Limit::Depth));
    assert_eq!(limit("#set($a=[])#set($b=[$a])#set($q=$a.add($b))$a.hashCode()"), Some(Limit::Depth));
    assert_eq!(
        limit("#set($a=[])#set($b=[$a])#set($q=$a.add($b))#set($c=[])#set($d=[$c])#set($q=$c.add($d))#if($a==$c)x#end"),
        Some(Limit::Depth)
    );
    assert_eq!(limit("#set($x=99999999999)#foreach($i in [1..100])#set($x=$x * $x)#end"), Some(Limit::Digits));
    let blocks: String = (0..300).map(|n| format!("#define($d{n})$d{}#end", n + 1)).collect();
    assert_eq!(limit(&format!("{blocks}#define($d300)x#end$d0")), Some(Limit::Depth));
    let blocks: String = (0..60).map(|n| format!("#define($d{n})$d{0}$d{0}#end", n + 1)).collect();
    assert_eq!(limit(&format!("{blocks}#define($d60)x#end$d0")), Some(Limit::Steps));
}

#[test]
fn deep_templates_are_refused_or_rendered() {
    for (open, inside, close) in [
        ("#if(true)", "x", "#end"),
        ("#foreach($i in [1])", "x", "#end"),
        ("#define($d)", "x", "#end"),
        ("#set($x=(", "1", "))"),
    ] {
        let template = |depth: usize| format!("{}{inside}{}", open.repeat(depth), close.repeat(depth));
        assert!(Template::compile(&template(5000)).is_err(), "{open}");
    }
    for (open, inside, close) in
        [("(", "1", ")"), ("[", "1", "]"), ("!", "true", ""), ("$m.get(", "'k'", ")"), ("{'k':", "1", "}")]
    {
        let expression = |depth: usize| format!("#set($x={}{inside}{})", open.repeat(depth), close.repeat(depth));
        assert!(Template::compile(&expression(10_000)).is_err(), "{open}");
        let shallow = expression(90);
        assert!(Template::compile(&shallow).is_ok(), "{open}");
        check(&shallow, BODY);
    }
    // Long is not deep.
    for (first, rest) in [("1", " + 1"), ("true", " && true"), ("1", " == 1"), ("'a'", " + 'a'")] {
        check(&format!("#set($x={first}{})", rest.repeat(10_000)), BODY);
    }
    check(&format!("#if(false)x{}#end", "#elseif(false)y".repeat(10_000)), BODY);
    check(&format!("$m{}", ".k".repeat(10_000)), BODY);
    check(&"$m.k".repeat(10_000), BODY);
    check(&"\\".repeat(MAX_TEMPLATE_BYTES), BODY);
    check(&"$".repeat(MAX_TEMPLATE_BYTES), BODY);
    check(&"#".repeat(MAX_TEMPLATE_BYTES), BODY);
    check(&"#*".repeat(MAX_TEMPLATE_BYTES / 2), BODY);
    check(&" #set".repeat(MAX_TEMPLATE_BYTES / 5), BODY);
    assert!(Template::compile(&"x".repeat(MAX_TEMPLATE_BYTES)).is_ok());
    assert!(Template::compile(&"x".repeat(MAX_TEMPLATE_BYTES + 1)).is_err());
}

#[test]
fn payloads_that_are_no_use() {
    for body in ["", " ", "not json", "[", "{\"a\":", "\u{feff}{}", "null", "\"", "{\"a\":1}{\"a\":2}", "\u{0}"] {
        check("$input.path('$').a $input.json('$') $input.path('$.a[*]').size() $input.body", body);
    }
    let deep = "[".repeat(100_000);
    assert_eq!(render("$input.json('$')|$input.path('$')|", &deep).unwrap(), "\"\"||");
    let big = format!("[{}1]", "1,".repeat(3_000_000));
    assert_eq!(render("$input.path('$').size()", &big).unwrap(), "3000001");
    assert_eq!(
        limit_of("$input.path('$')[0]#foreach($i in [1..50])$input.path('$')[0]#end", &big),
        Some(Limit::Memory)
    );
    assert_eq!(limit_of("#foreach($i in [1..1000])$input.path('$..*').size()#end", &big), Some(Limit::Memory));
    assert_eq!(limit_of("#foreach($i in [1..1000])$input.json('$..x')#end", &big), Some(Limit::Steps));
    assert_eq!(limit_of("#foreach($i in [1..1000])$input.path('$[2999999]')#end", &big), Some(Limit::Steps));
}

fn limit_of(template: &str, body: &str) -> Option<Limit> {
    match render(template, body) {
        Err(RenderError { kind: RenderErrorKind::Limit(limit), .. }) => Some(limit),
        _ => None,
    }
}

#[test]
fn a_loop_over_a_large_list_ends_at_a_thousand() {
    let big = format!("[{}1]", "1,".repeat(5000));
    assert_eq!(render("#foreach($i in $input.path('$'))$i#end", &big).unwrap().len(), 1000);
}
