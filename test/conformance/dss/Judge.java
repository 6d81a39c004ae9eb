import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Judges of the conformance suite that run on Java. Reads lines from standard input, tab-separated, and prints one line for
 * each signature or file:
 *
 * <pre>
 * dss      FILE  online|offline   →  FILE dss SIGNATURE INDICATION SUBINDICATION FORMAT MESSAGES
 * verapdf  FILE  1b|2b|3b         →  FILE verapdf FLAVOUR COMPLIANT - - FAILED-RULES
 * </pre>
 *
 * Arguments: PEM files with the trust anchors. offline: only the evidence inside the document may be used.
 */
public final class Judge {
  public static void main(String[] args) throws Exception {
    CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
    for (String file : args) {
      String pem = Files.readString(Path.of(file));
      for (String part : pem.split("(?<=-----END CERTIFICATE-----)")) {
        if (part.contains("BEGIN")) anchors.addCertificate(certificate(part.trim()));
      }
    }
    VeraGreenfieldFoundryProvider.initialise();
    String line;
    var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, "UTF-8"));
    while ((line = in.readLine()) != null) {
      String[] fields = line.split("\t");
      try {
        if (fields[0].equals("dss")) dss(fields[1], fields[2].equals("online"), anchors);
        else verapdf(fields[1], fields[2]);
      } catch (Exception | LinkageError error) {
        print(fields[1], fields[0], "-", "ERROR", "-", "-", String.valueOf(error));
      }
    }
  }

  private static CertificateToken certificate(String pem) {
    return DSSUtils.loadCertificate(pem.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static void dss(String file, boolean online, CommonTrustedCertificateSource anchors) {
    CommonCertificateVerifier verifier = new CommonCertificateVerifier();
    verifier.setTrustedCertSources(anchors);
    if (online) {
      verifier.setOcspSource(new OnlineOCSPSource());
      verifier.setCrlSource(new OnlineCRLSource());
    }
    PDFDocumentValidator validator = new PDFDocumentValidator(new FileDocument(file));
    validator.setCertificateVerifier(verifier);
    SimpleReport report = validator.validateDocument().getSimpleReport();
    if (report.getSignatureIdList().isEmpty()) print(file, "dss", "-", "NO_SIGNATURE", "-", "-", "");
    for (String id : report.getSignatureIdList()) {
      List<String> messages = new ArrayList<>();
      for (Message message : report.getAdESValidationErrors(id)) messages.add("error: " + message.getValue());
      for (Message message : report.getAdESValidationWarnings(id)) messages.add("warning: " + message.getValue());
      Indication indication = report.getIndication(id);
      Object sub = report.getSubIndication(id);
      print(file, "dss", report.getSignedBy(id), String.valueOf(indication), sub == null ? "-" : String.valueOf(sub),
          String.valueOf(report.getSignatureFormat(id)), String.join("; ", messages));
    }
  }

  private static void verapdf(String file, String flavour) throws Exception {
    PDFAFlavour wanted = PDFAFlavour.byFlavourId(flavour);
    try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(file), wanted)) {
      PDFAValidator validator = Foundries.defaultInstance().createValidator(wanted, false);
      ValidationResult result = validator.validate(parser);
      List<String> failed = new ArrayList<>();
      for (TestAssertion assertion : result.getTestAssertions()) {
        if (assertion.getStatus() == TestAssertion.Status.FAILED) {
          failed.add(assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber() + " "
              + assertion.getMessage());
        }
      }
      print(file, "verapdf", flavour, result.isCompliant() ? "COMPLIANT" : "NOT_COMPLIANT", "-", "-",
          String.join("; ", failed.stream().distinct().limit(5).toList()));
    }
  }

  private static void print(String... fields) {
    for (int i = 0; i < fields.length; i++) fields[i] = fields[i] == null ? "-" : fields[i].replaceAll("[\t\r\n]+", " ");
    System.out.println(String.join("\t", fields));
    System.out.flush();
  }
}
