"""Making a Java of ours trust the certificate authorities that this machine trusts.

A Java that the user installed has the authorities its owner gave it. One that came in a Python
package knows the public ones only, so behind a proxy with an authority of its own it would reach
no server that every other program here reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# Runs in the runtime's environment, which has the library `cryptography`. Authorities that cannot
# be parsed are left out one by one: bundles carry old ones that break today's rules.
_SCRIPT = """
import re, sys, warnings
from pathlib import Path
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
warnings.simplefilter("ignore")
pem = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
known = []
for number, block in enumerate(pem.findall(Path(sys.argv[1]).read_bytes())):
    try:
        certificate = x509.load_pem_x509_certificate(block)
    except ValueError as error:
        print(f"left out authority {number}: {error}")
        continue
    known.append(pkcs12.PKCS12Certificate(certificate, str(number).encode()))
store = pkcs12.serialize_java_truststore(known, NoEncryption())
Path(sys.argv[2]).write_bytes(store)
print(f"{len(known)} authorities")
"""


def authorities(environment: Mapping[str, str]) -> Path | None:
    """Return the file of the authorities that this machine trusts, or None when there is none.

    Args:
        environment: ``SSL_CERT_FILE`` in it wins, as in OpenSSL and uv.
    """
    import ssl

    named = environment.get("SSL_CERT_FILE")
    found = named or ssl.get_default_verify_paths().cafile
    return Path(found) if found and Path(found).is_file() else None


def store_command(python: Path, bundle: Path, store: Path) -> list[str]:
    """Return the command that turns a PEM bundle into a trust store for Java.

    Args:
        python: an interpreter with the library ``cryptography``.
        bundle: the authorities, in PEM.
        store: the file to make, in PKCS 12 (RFC 7292) without a password.
    """
    return [str(python), "-I", "-c", _SCRIPT, str(bundle), str(store)]


def trust_option(store: Path) -> str:
    """Return the line of a Java options file that names the trust store."""
    path = str(store).replace("\\", "\\\\").replace('"', '\\"')
    return f'"-Djavax.net.ssl.trustStore={path}"\n'
