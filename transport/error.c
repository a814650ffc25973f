/* Error codes and SCTP error causes as text. The causes are a fixed registry ("SCTP Error Cause Codes"), so
 * they stand here once, for both backends and for the log. */
#include "transport/transport.h"

#include <string.h>

struct code_row {
    const char *name, *text;
};

static const struct code_row code_rows[TR_CODE_COUNT] = {
    [TR_OK] = {"TR_OK", "done"},
    [TR_AGAIN] = {"TR_AGAIN", "cannot take or give more now"},
    [TR_NO_SLOT] = {"TR_NO_SLOT", "no receive slot is free in this turn"},
    [TR_BAD_STREAM] = {"TR_BAD_STREAM", "the peer did not grant this stream"},
    [TR_TOO_LONG] = {"TR_TOO_LONG", "the message does not fit"},
    [TR_NO_ASSOC] = {"TR_NO_ASSOC", "no such association"},
    [TR_EXISTS] = {"TR_EXISTS", "an association to this address exists already"},
    [TR_ADDR_IN_USE] = {"TR_ADDR_IN_USE", "the address and port are in use"},
    [TR_ADDR_UNKNOWN] = {"TR_ADDR_UNKNOWN", "the address is not one of this host's"},
    [TR_NO_NAME] = {"TR_NO_NAME", "the host name has no address"},
    [TR_UNREACHABLE] = {"TR_UNREACHABLE", "the peer cannot be reached"},
    [TR_REFUSED] = {"TR_REFUSED", "the peer refused the association"},
    [TR_TIMEOUT] = {"TR_TIMEOUT", "the time is over"},
    [TR_PERMISSION] = {"TR_PERMISSION", "a privilege is missing"},
    [TR_NO_SCTP] = {"TR_NO_SCTP", "this host's kernel has no SCTP"},
    [TR_UNSUPPORTED] = {"TR_UNSUPPORTED", "this transport backend cannot do it"},
    [TR_INVALID] = {"TR_INVALID", "an argument or option value is not valid"},
    [TR_LIMIT] = {"TR_LIMIT", "out of descriptors or memory"},
    [TR_SYSTEM] = {"TR_SYSTEM", "system error"},
};

const char *tr_code_name(enum tr_code code)
{
    return (unsigned)code < TR_CODE_COUNT ? code_rows[code].name : "TR_?";
}

const char *tr_code_text(enum tr_code code)
{
    return (unsigned)code < TR_CODE_COUNT ? code_rows[code].text : "unknown code";
}

struct cause_row {
    int cause;
    const char *text;
};

static const struct cause_row cause_rows[] = {
    {0, "No error"},
    /* RFC 9260 3.3.10 */
    {1, "Invalid Stream Identifier"},
    {2, "Missing Mandatory Parameter"},
    {3, "Stale Cookie"},
    {4, "Out of Resource"},
    {5, "Unresolvable Address"},
    {6, "Unrecognized Chunk Type"},
    {7, "Invalid Mandatory Parameter"},
    {8, "Unrecognized Parameters"},
    {9, "No User Data"},
    {10, "Cookie Received While Shutting Down"},
    {11, "Restart of an Association with New Addresses"},
    {12, "User-Initiated Abort"},
    {13, "Protocol Violation"},
    /* RFC 6951 */
    {14, "Restart of an Association with New Encapsulation Port"},
    /* RFC 5061 */
    {160, "Request to Delete Last Remaining IP Address"},
    {161, "Operation Refused Due to Resource Shortage"},
    {162, "Request to Delete Source IP Address"},
    {163, "Association Aborted Due to Illegal ASCONF-ACK"},
    {164, "Request Refused - No Authorization"},
    /* RFC 4895 */
    {261, "Unsupported HMAC Identifier"},
};

const char *tr_error_string(int cause)
{
    for (size_t i = 0; i < sizeof cause_rows / sizeof cause_rows[0]; i++)
        if (cause_rows[i].cause == cause)
            return cause_rows[i].text;
    const char *text = strerrordesc_np(cause);
    return text != NULL ? text : "Unknown error cause";
}
