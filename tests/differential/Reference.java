import com.jayway.jsonpath.JsonPath;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import net.minidev.json.*;
import net.minidev.json.parser.JSONParser;
import org.apache.commons.lang.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.event.*;
import org.apache.velocity.context.Context;
import org.apache.velocity.runtime.RuntimeInstance;
import org.apache.velocity.util.introspection.Info;

/**
 * Apache Velocity 1.7 set up as API Gateway: what `apigw render --cases` is compared with.
 *
 * Reads its lines, {"id", "template", "body", "params", "context"}, from standard input, and writes {"id", "output"} or
 * {"id", "error"} for each. A case that takes too long ends the program with status 3, after what it has so far.
 */
public class Reference {
  /** Longest time for a case. A template can ask for more than any machine has. */
  static final long MAX_MILLIS = 10_000;

  static volatile long started = Long.MAX_VALUE;

  /** A reference without a value is the empty string. */
  public static class EmptyText implements InvalidReferenceEventHandler {
    public Object invalidGetMethod(Context c, String reference, Object object, String property, Info info) { return ""; }
    public boolean invalidSetMethod(Context c, String left, String right, Info info) { return false; }
    public Object invalidMethod(Context c, String reference, Object object, String method, Info info) { return ""; }
  }

  /** $util */
  public static class Util {
    public Object escapeJavaScript(Object text) { return StringEscapeUtils.escapeJavaScript(text.toString()); }
    public Object parseJson(Object text) throws Exception { return text.equals("") ? "" : parse(text.toString()); }
    public Object urlEncode(Object text) throws Exception { return java.net.URLEncoder.encode(text.toString(), "UTF-8"); }
    public Object urlDecode(Object text) throws Exception { return java.net.URLDecoder.decode(text.toString(), "UTF-8"); }
    public Object base64Encode(Object text) {
      return Base64.getEncoder().encodeToString(text.toString().getBytes(StandardCharsets.UTF_8));
    }
    public Object base64Decode(Object text) {
      return new String(Base64.getDecoder().decode(text.toString()), StandardCharsets.UTF_8);
    }
  }

  /** $input */
  public static class Input {
    private final String body;
    private final Map<String, Map<String, Object>> params;

    Input(String body, Map<String, Map<String, Object>> params) {
      this.body = body.isEmpty() ? "{}" : body;
      this.params = params;
    }

    private Object read(String path) {
      try {
        return JsonPath.read(body, path.startsWith("$") ? path : "$." + path);
      } catch (Exception notFound) {
        return null;
      }
    }

    public String getBody() { return body; }
    public Object path(String path) { return read(path); }
    public Object json(String path) {
      Object found = read(path);
      return found == null ? "\"\"" : JSONValue.toJSONString(found, JSONStyle.LT_COMPRESS);
    }
    public Object params() { return params; }
    public Object params(String name) {
      for (Map<String, Object> part : params.values()) {
        if (part.get(name) != null) return part.get(name);
      }
      return "";
    }
  }

  /** $context and its parts print nothing. */
  public static class ContextMap extends LinkedHashMap<String, Object> {
    public String toString() { return ""; }
  }

  static Object parse(String text) throws Exception {
    return new JSONParser(JSONParser.MODE_PERMISSIVE).parse(text, JSONValue.defaultReader.DEFAULT_ORDERED);
  }

  /** A variable as a caller gives it: Java's collections, not those of the JSON library. */
  static Object plain(Object json, boolean isContext) {
    if (json instanceof List) {
      List<Object> list = new ArrayList<>();
      for (Object item : (List<?>) json) list.add(plain(item, isContext));
      return list;
    }
    if (json instanceof Map) {
      Map<String, Object> map = isContext ? new ContextMap() : new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) json).entrySet()) {
        map.put((String) entry.getKey(), plain(entry.getValue(), isContext));
      }
      return map;
    }
    return json;
  }

  static RuntimeInstance engine() throws Exception {
    RuntimeInstance engine = new RuntimeInstance();
    engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
    engine.setProperty("velocimacro.library", "");
    engine.setProperty("velocimacro.permissions.allow.inline", "false");
    engine.setProperty("directive.foreach.maxloops", "1000");
    engine.init();
    for (String directive : new String[] {"evaluate", "parse", "include"}) engine.removeDirective(directive);
    return engine;
  }

  @SuppressWarnings("unchecked")
  static String render(RuntimeInstance engine, Map<String, Object> row) throws Exception {
    VelocityContext context = new VelocityContext();
    EventCartridge events = new EventCartridge();
    events.addEventHandler(new EmptyText());
    events.attachToContext(context);
    Map<String, Map<String, Object>> params = new LinkedHashMap<>();
    Map<String, Object> given = (Map<String, Object>) row.getOrDefault("params", Map.of());
    for (String part : new String[] {"path", "querystring", "header"}) {
      params.put(part, (Map<String, Object>) given.getOrDefault(part, new LinkedHashMap<>()));
    }
    context.put("input", new Input((String) row.getOrDefault("body", ""), params));
    context.put("util", new Util());
    for (Map.Entry<String, Object> entry : ((Map<String, Object>) row.getOrDefault("context", Map.of())).entrySet()) {
      if (entry.getValue() != null) {
        context.put(entry.getKey(), plain(entry.getValue(), entry.getKey().equals("context")));
      }
    }
    StringWriter out = new StringWriter();
    engine.evaluate(context, out, "t", (String) row.get("template"));
    return out.toString();
  }

  static void watch(PrintStream out) {
    Thread watcher = new Thread(() -> {
      while (true) {
        try {
          Thread.sleep(500);
        } catch (InterruptedException stop) {
          return;
        }
        if (System.currentTimeMillis() - MAX_MILLIS > started) {
          out.flush();
          Runtime.getRuntime().halt(3);
        }
      }
    });
    watcher.setDaemon(true);
    watcher.start();
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
    watch(out);
    RuntimeInstance shared = engine();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<String, Object> row = (Map<String, Object>) parse(line);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("id", row.get("id"));
      started = System.currentTimeMillis();
      try {
        // The engine remembers macros, even those that it does not allow.
        boolean macros = ((String) row.get("template")).contains("macro");
        result.put("output", render(macros ? engine() : shared, row));
      } catch (Throwable thrown) {
        Throwable cause = thrown.getCause() == null ? thrown : thrown.getCause();
        String text = String.valueOf(cause);
        result.put("error", text.substring(0, Math.min(text.length(), 300)));
      }
      started = Long.MAX_VALUE;
      out.println(JSONObject.toJSONString(result, JSONStyle.LT_COMPRESS));
    }
    out.flush();
  }
}
