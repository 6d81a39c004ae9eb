"""Lets pyHanko judge signed files by the algorithms of ETSI EN 319 102-1: B-B by 5.3 (basic), B-T and B-LT by 5.5 (with time),
B-LTA by 5.6 (long-term). Arguments: PEM files with the trust anchors. Reads lines `FILE<tab>LEVEL` from standard input and
prints, for each signature, tab-separated, `FILE pyhanko SIGNER VERDICT COVERAGE MODIFICATION DETAILS`; VERDICT is VALID or the
sub-indication.

B-B and B-T are judged with evidence fetched from where the certificates say; B-LT and B-LTA with what the file holds alone.
"""

import asyncio
import dataclasses
import logging
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult
from pyhanko.sign.validation.ades import (
    _dss_to_local_knowledge,
    ades_basic_validation,
    ades_lta_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.CRITICAL)
roots = list(load_certs_from_pemder(sys.argv[1:]))


def spec_for(level):
    local = level in ("B-LT", "B-LTA")
    rule = (
        RevinfoOnlineFetchingRule.LOCAL_ONLY
        if local
        else RevinfoOnlineFetchingRule.ALWAYS_FETCH
    )
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=roots),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=policy,
            ts_cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                online_fetching_rule=rule
            ),
        )
    )


async def judge(embedded, level):
    spec = spec_for(level)
    if level == "B-LTA":
        result = await ades_lta_validation(embedded, spec)
    else:
        algorithm = ades_basic_validation if level == "B-B" else ades_with_time_validation
        signature_spec = spec.signature_validation_spec
        if level == "B-LT":
            knowledge = _dss_to_local_knowledge(reader=embedded.reader)
            signature_spec = dataclasses.replace(signature_spec, local_knowledge=knowledge)
        result = await algorithm(
            embedded.signed_data, signature_spec, raw_digest=embedded.compute_digest()
        )
    embedded.compute_integrity_info(diff_policy=DEFAULT_DIFF_POLICY)
    verdict = result.ades_subindic
    return [
        embedded.signer_cert.subject.native.get("common_name", "-"),
        "VALID" if verdict == AdESPassed.OK else str(verdict),
        embedded.coverage.name,
        embedded.diff_result.modification_level.name
        if isinstance(embedded.diff_result, DiffResult)
        else str(embedded.diff_result or "-"),
        str(result.failure_msg or "-"),
    ]


def say(*fields):
    print("\t".join(str(one).replace("\n", " ").replace("\t", " ") for one in fields), flush=True)


for line in sys.stdin:
    name, level = line.rstrip("\n").split("\t")
    with open(name, "rb") as handle:
        try:
            reader = PdfFileReader(handle, strict=False)
            if reader.encrypted:
                reader.decrypt("")
            for embedded in reader.embedded_regular_signatures:
                say(name, "pyhanko", *asyncio.run(judge(embedded, level)))
        except Exception as error:  # the line of a file that can't be judged says why
            say(name, "pyhanko", "-", "ERROR", "-", "-", f"{type(error).__name__}: {error}")
