// SPDX-License-Identifier: Apache-2.0
// Every limit of the web console, with the reason for its value. Times are host times in milliseconds.
#ifndef NP_HMC_WEB_LIMITS_H
#define NP_HMC_WEB_LIMITS_H

#define WEB_URL_BYTES_MAX  2048u  // our longest path with its query has 200
#define WEB_HEAD_BYTES_MAX 16384u // browsers send 1 KiB; cookies of other servers on this host come with it
#define WEB_BODY_BYTES_MAX 65536u // the longest body lists 256 partitions of a domain administrator
#define WEB_HEADERS_MAX    64u    // browsers send about 20

#define WEB_CONNECTIONS_MAX         512u // within the usual 1,024 files of a process
#define WEB_CONNECTIONS_ADDRESS_MAX 64u  // of one address: ten browsers open 6 each
#define WEB_STREAMS_MAX             128u // event streams of all browsers; each costs what is queued for it
#define WEB_STREAMS_SESSION_MAX     8u   // event streams of one login: one to a tab

#define WEB_REQUEST_MS   20000 // a whole request, from its first byte; the handshake of TLS likewise
#define WEB_RESPONSE_MS  60000 // from the whole request to the next one: the answer, and idle time
#define WEB_SWEEP_MS     1000  // how often these are looked at
#define WEB_KEEPALIVE_MS 15000 // a silent event stream says so: proxies cut after 30 s and more

#define WEB_STREAM_BYTES_MAX (4u << 20) // queued for one browser before it is cut off; it resumes
#define WEB_SAMPLE_QUEUE_MAX 65536u     // queued for one browser beyond which samples are left out
#define WEB_EVENTS_KEPT      4096u      // of a run, for browsers that come back
#define WEB_SAMPLES_MS       100u       // host time between samples: ten a second

#define WEB_SESSION_IDLE_MS     (30 * 60 * 1000LL)      // OWASP's advice is 15 to 30 minutes
#define WEB_SESSION_ABSOLUTE_MS (12 * 60 * 60 * 1000LL) // a long working day
#define WEB_SESSIONS_USER_MAX   16u                     // further logins end the oldest
#define WEB_TOUCH_MS            60000LL                 // how often the use of a session is written down

#define WEB_USERS_MAX          1000u // a console's staff
#define WEB_USER_BYTES_MAX     32u   // of a user's name, as login names of Linux
#define WEB_PASSWORD_BYTES_MIN 12u   // NIST SP 800-63B asks for 8 and advises more
#define WEB_PASSWORD_BYTES_MAX 256u
#define WEB_PASSWORD_JOBS_MAX  8u // waiting; each takes 0.3 s and 32 MiB

// Failed logins leak away with time. A person mistypes five times; an office behind one address more often.
#define WEB_ATTEMPTS_PAIR_MAX    5.0  // of one user from one address
#define WEB_ATTEMPTS_ADDRESS_MAX 20.0 // of one address
#define WEB_ATTEMPTS_USER_MAX    50.0 // of one user from everywhere: else anybody could lock anybody out
#define WEB_ATTEMPTS_PER_MS      (1.0 / 60000.0) // forgiven: one a minute
#define WEB_ATTEMPTS_KEYS_MAX    10000           // remembered; the lowest are forgotten first

#define WEB_AUDIT_PAGE_MAX   500u        // rows in one answer
#define WEB_REPORT_BYTES_MAX (64u << 20) // of 256 boards' run: 5 MiB

#define WEB_RUNS_MAX     256u  // run folders shown, the newest first
#define WEB_LINKS_MAX    16u   // runs watched at a time
#define WEB_LINK_IDLE_MS 60000 // a run that nobody has looked at for so long is left alone
#define WEB_PENDING_MAX  256u  // requests that a run has not answered yet
#define WEB_ANSWER_MS    10000 // a run that has not answered by then is said not to answer

#endif
