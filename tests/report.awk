# Reads what dotnet says of each test: passed tests become a line of progress, failed ones stay as they are, skipped ones are
# grouped by their reason at the end. The last line is that of the summary.
function progress() { printf "   %d passed, %d failed, %d skipped after %d s\n", passed, failed, skipped, systime() - start; fflush(); shown = systime() }
BEGIN { start = shown = systime() }
/^passed .*\([0-9a-z ]+\)$/ { passed++; kind = "passed"; if (systime() - shown >= 10) progress(); next }
/^skipped / { skipped++; kind = "skipped"; name = $2; next }
/^failed / { failed++; kind = "failed" }
/^[^ ]/ && !/^failed / { kind = "" }
kind == "passed" { next }
kind == "skipped" {
    if (name != "" && $0 !~ /^ *from /) { reason = $0; sub(/^ +/, "", reason); count[reason]++; if (count[reason] <= 3) names[reason] = names[reason] "\n     " name; name = "" }
    next
}
/ (passed|failed) \(.*[0-9]ms\)$/ || /^Test run summary/ || /^  (total|failed|succeeded|skipped|duration):/ { next }
{ print; fflush() }
END {
    for (reason in count) printf "skipped %d: %s%s%s\n", count[reason], reason, names[reason], (count[reason] > 3 ? "\n     ..." : "")
    summary = passed + 0 " passed, " failed + 0 " failed"
    print summary (skipped ? ", " skipped " skipped" : "")
}
