// What the library of CycloneDX for Java, by which Dependency-Track takes documents in, says of them. In: lines of version and path; out:
// lines of path and fault, and for each document that it could read one of path and `ok`; with a tab between.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.cyclonedx.Version;
import org.cyclonedx.exception.ParseException;
import org.cyclonedx.parsers.BomParserFactory;
import org.cyclonedx.parsers.Parser;

class CyclonedxJudge {
  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 0) {
      System.out.println("usage: cyclonedx-judge < VERSIONS-AND-PATHS");
      return;
    }
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] words = line.split("\t");
      judge(Version.fromVersionString(words[0]), words[1]);
    }
  }

  private static void judge(Version version, String path) throws IOException {
    byte[] bytes = Files.readAllBytes(Path.of(path));
    try {
      Parser parser = BomParserFactory.createParser(bytes);
      for (ParseException fault : parser.validate(bytes, version)) say(path, fault.getMessage());
      parser.parse(bytes);
      say(path, "ok");
    } catch (ParseException fault) {
      say(path, fault.getMessage());
    }
  }

  private static void say(String path, String text) {
    System.out.println(path + "\t" + text.replaceAll("\\s+", " "));
  }
}
