"""What generated templates are made of: variables, methods, literals, fragments."""

# The variables of every template.
VARIABLES = {
    "s": "Hello World", "t": "a,b,,c", "e": "", "n": 7, "z": 0, "neg": -3, "big": 12345678901, "d": 2.5, "dd": 0.1,
    "b": True, "f": False, "l": [1, 2, 3], "ls": ["b", "a", "c"], "lm": [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}],
    "el": [], "m": {"k": "v", "a": 1, "nested": {"x": [1, {"y": "deep"}]}}, "em": {}, "u": "Grüße €😀",
    "ln": [1, None, "x"], "mn": {"a": None},
    "context": {"stage": "prod", "identity": {"sourceIp": "::1"}}, "stageVariables": {"v": "val"},
}
# Those that values are taken from, and some that are not set.
NAMES = [name for name in VARIABLES if name not in ("context", "stageVariables")] + ["x", "y", "nope", "foo"]

PARAMETERS = {
    "path": {"id": "7"}, "querystring": {"q": "a b", "k": "v"}, "header": {"X-Test": "h"},
}

# Payloads; the first is what most templates get.
BODIES = [
    '{"a":[1,{"b":2.50}],"s":"x/y","l":[1,null,"é",{"k":"v\\/w"}],"m":{"z":1,"a":"b"},"i":12,"big":12345678901,'
    '"t":true,"n":null,"items":[{"id":1,"p":5},{"id":2,"p":9.5}],"dot.key":"dk"}',
    "", "[]", "{}", "[3,1,2]", '{"cut off', '"text"', "null", "12.50",
]

# Paths in the dialect that all versions of the JSONPath library agree on: the second ones where what they look into is
# there.
PATHS = [
    "$", "$.a", "$.a[0]", "$.a[1].b", "$.nope", "$.nope.x", "$.s", "$.l", "$.m", "$.m.z", "$['m']['a']", "$.n", "$.t", "$.i",
    "$.big", "$['dot.key']", "m.a", "s", "$.items", "$.l[3].k", "$.l[9]",
]
INDEFINITE_PATHS = [
    "$.items[*].id", "$.items[?(@.p > 6)]", "$.items[?(@.p > 6)].id", "$.items[0:1]", "$..id", "$.items[?(@.nope)]",
]

MEMBERS = ["k", "a", "nested", "x", "id", "n", "size", "empty", "length", "foo", "hasNext", "index", "key", "value", "y"]
INDICES = ["0", "1", "-1", "9", "'k'", '"a"', "$n", "$s", "true", "$z", "-2"]

# %a stands for an argument, %p for a regular expression, %g for a format.
METHODS = """
length() size() isEmpty() toString() trim() toUpperCase() toLowerCase() substring(%a) substring(%a,%a) indexOf(%a)
indexOf(%a,%a) lastIndexOf(%a) lastIndexOf(%a,%a) contains(%a) equals(%a) equalsIgnoreCase(%a) compareTo(%a)
compareToIgnoreCase(%a) startsWith(%a) startsWith(%a,%a) endsWith(%a) concat(%a) charAt(%a) replace(%a,%a)
replaceAll(%p,%a) replaceFirst(%p,%a) matches(%p) split(%p) split(%p,%a) format(%g,%a) regionMatches(%a,%a,%a,%a)
codePointAt(%a) contentEquals(%a) strip() isBlank() repeat(%a) intern() hashCode() subSequence(%a,%a) join(%a,%a)
get(%a) put(%a,%a) add(%a) add(%a,%a) addAll(%a) set(%a,%a) remove(%a) clear() keySet() values() entrySet()
containsKey(%a) containsValue(%a) containsAll(%a) putAll(%a) putIfAbsent(%a,%a) getOrDefault(%a,%a) retainAll(%a)
removeAll(%a) toArray(%a) toArray(%a,%a) sort(%a) replace(%a,%a,%a) iterator() next() hasNext() getKey() getValue() setValue(%a)
intValue() longValue() doubleValue() shortValue() byteValue() booleanValue() parseInt(%a) parseDouble(%a) valueOf(%a)
toBinaryString(%a) toOctalString(%a) bitCount(%a) decode(%a) max(%a,%a) min(%a,%a) sum(%a,%a)
compare(%a,%a) signum() pow(%a) isNaN() foo()
""".split()

PATTERNS = [
    "','", "'o'", "'[aeiou]'", "' '", "'(l+)(o)'", "''", "'\\\\.'", "'[^a-c]'", "'\\\\s*,\\\\s*'", "'x?'", "'.'", "'l|o'",
    "'^'", "'(?i)h'", "'\\\\w+'", "'b*'", "'[a&&b]'", "'('", "'\\\\d'", "'a{1,2}'", "'\\\\p{Alpha}'", "$s",
]
FORMATS = [
    "'%s'", "'%d'", "'%05d|%s'", "'%x'", "'%.2f'", "'%e'", "'%,d'", "'%-5s|'", "'%b'", "'%c'", "'%S'", "'%+d'", "'%%'",
    "'%g'", "'%10.3e'", "'%h'", "'%3$s'", "'%o'", "'%(d'", "'%08.2f'", "'%#x'", "'%n'",
    "'%#s'", "'%+x'", "'%#.0f'", "'%#.0e'", "'%-05d'", "'%,e'", "'%+ d'", "'%3n'", "'%-5%|'", "'%.1c'", "'%,.2f'", "'%#g'",
    "'%05s'", "'%a'", "'%.2A|%14a|%+.1a'",
]
TEXT_ARGUMENTS = ["'a'", "'o'", "'k'", "'Hello'", "','", "''", "'$1'", "'l'", "'\\\\'", "'id'", "'12'", "'1.5'"]
OTHER_ARGUMENTS = ["null", "0", "1", "2", "-1", "5", "100", "3.5", "true", "false", "007", "2147483648"]
COLLECTIONS = ["[1,2]", "{}", '{"k":1}', "[]", '["a"]', "[1..3]"]

NUMBERS = [
    "0", "1", "2", "-7", "42", "2147483647", "9223372036854775807", "12345678901234567890", "1.5", "0.1", "10000000.0",
    "1e3", "-0.0", "100.0", "3.", ".5",
]
STRINGS = ["'x'", "''", "'a b'", "'$n'", "'it''s'", "'5'", "'true'"]
KEYS = ["'k'", '"a"', "$s", "1", "$nope"]
OPERATORS = "+ - * / % == != < > <= >= && || eq ne lt gt le ge and or".split()

TEXTS = [
    "a", "b ", " ", "  ", "\n", "\n\n", "\t", "{", "}", '"x": ', ",", ", ", ".", "-", "(", ")", "[", "]", "\\", "\\\\", "$",
    "#", "#foo", "#foo(1)", "#foo ( $s )", "#1", "$$", "$5", "$ ", "# ", "\r\n", " \n", "  \n", '<a href="#">', "$.x", "$-",
    "#{x}", "é", "!", "#@x", "$!", "\\$s", "\\\\$s", "\\\\\\$s", "\\#if", "\\\\#foo", "\\#set", "@", "${", "$[",
    '#evaluate("x")', "## c\n", "#* c *#", "#[[ $x ]]#", "#** d *#", "\\$nope", "\\$m.k", "\\!", "\\#foreach", "$\\s",
    "$s\\", "\\#{end}",
]
HOSTS = [
    "$util.escapeJavaScript($s)", "$util.urlEncode($u)", "$util.base64Encode($m)", "$util.parseJson('[1,2]')",
    "$util.urlDecode('a%20b')", "$util.base64Decode('aGk=')", "#set($x=$util.parseJson($input.body))", "$input.body",
    "$input.params()", "$input.params('q')", "$input.params('nope')", "$input.params().path.id",
    "$input.params().querystring.get('k')", "$context.stage", "$context.identity", "$context.identity.sourceIp",
    "$stageVariables.v", "$stageVariables", "$context.keySet()", "#set($context.requestOverride.path.p = 'a')",
]
AFTER_HOST = ["", "", "[0]", ".size()", ".a", ".length()"]
ITERATED = ["$l", "$m", "[1..3]", "$lm", "$ln", "$m.entrySet()", "$t.split(',')", "$l.iterator()"]
LOOP_ENDS = [
    "", "$i", "$foreach.index", "$velocityCount", "#if($foreach.hasNext),#end", "$i.id", "#break", "$foreach.parent.index",
    "#if($i==2)#break#end", "$foreach.count", "$foreach.first$foreach.last", "$i.key",
]
DEFINED_ENDS = ["", "$d", "$x", "$!d", "#set($y=$d)$y", "#if($d)T#end", "#set($y=$d+'a')$y", "$d.foo", "$d()"]
ODD_TARGETS = ["$!x", "${x}", "$lm[0].id", '$m.get("nested").z', '$m.put("a")', "\\$x", "$l.get(0)"]

# What means something to the lexer: templates are also put together of these at random, and cases mutated with them.
FRAGMENTS = [
    "$", "#", "\\", "{", "}", "(", ")", "[", "]", ".", "!", '"', "'", "#if(", "#if(true)", "#end", "#else", "#elseif(true)",
    "#set($x=1)", "#set(", "foo", "s", "m", " ", "  ", "\n", "\t", "##", "#*", "*#", "#[[", "]]#", "..", "1", "-", "1.5",
    "+", "==", "&&", "in", "#foreach($i in $l)", "#foreach", "$s", "$m", "$m.k", "${s}", "$!s", ".k", ".length()", ".a",
    "[0]", "$l", "#{if}", "#{end}", "#{else}", "#macro(foo)", "#foo", "#foo(", "#define($d)", "$d", "#stop", "#break",
    "#literal()", "#@foo()", "true", "$true", "false", ",", ":", "=", "|", "\\\\", "\\$", "\\#", "$!", "${", "#{", "x",
    '"a"', "'b'", "#**", "_", "@", "\r\n", "e5", "$$", "$.", "$[", "#1", "end", "set", "if", "é", "-1", "$n", "%", "*", "/",
    "<", ">", "and", "not", "!$s", "|| ", ";", '#set ($y = "$s")', '#evaluate("a")', "$s.x", "$m.k.j", "$context.stage",
]
