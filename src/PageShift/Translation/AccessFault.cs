namespace PageShift.Translation;

/// <summary>Why an access did not succeed: the signal and its code that Linux would send to the thread.</summary>
public enum AccessFault
{
    /// <summary>The access succeeded.</summary>
    None = 0,

    /// <summary>SIGSEGV, SEGV_MAPERR: no mapping is there, and no stack could grow there.</summary>
    NotMapped,

    /// <summary>SIGSEGV, SEGV_ACCERR: the mapping does not allow the access.</summary>
    NotPermitted,

    /// <summary>SIGSEGV, SEGV_MAPERR: a guard page that madvise(MADV_GUARD_INSTALL) put there.</summary>
    GuardPage,

    /// <summary>SIGBUS, BUS_ADRERR: the page lies past the end of the object that the mapping shows, or was swapped out and can't be read back.</summary>
    BeyondObject,

    /// <summary>SIGSEGV, SI_KERNEL: a general-protection exception; the upper bits of the address are no sign extension.</summary>
    NonCanonical,

    /// <summary>No frame was left for the page or for a table on the way to it; nothing has changed.</summary>
    OutOfMemory,
}
