"""Whom an encrypted connection trusts."""

from pathlib import Path

TYPE_CHECKING = False  # as in `typing`, for what comes with this

if TYPE_CHECKING:
    from ssl import SSLContext


def trusting(ca_file: Path | None, *, verify: bool = True) -> "SSLContext":
    """Return what holds a server's certificate against the authority in a file, or against those of the system.

    OSError where the file cannot be used. From 3.13 on Python by itself refuses authorities that do not state what
    their key is for. The standard wants that, but those that people have made for their own brokers often do not, and
    no other program minds; a gateway is not to fall silent because its system was upgraded.
    """
    import ssl  # noqa: PLC0415  (4 MB, for those who encrypt)

    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
