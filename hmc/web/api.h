// SPDX-License-Identifier: Apache-2.0
// What the page asks for: one handler for each route of router.c. README.md lists their forms.
#ifndef NP_HMC_WEB_API_H
#define NP_HMC_WEB_API_H

#include "hmc/web/exchange.h"

// api_session.c
void api_session_get(struct exchange *exchange);
void api_login(struct exchange *exchange);
void api_logout(struct exchange *exchange);
void api_own_password(struct exchange *exchange);

// api_users.c
void api_users(struct exchange *exchange);
void api_users_add(struct exchange *exchange);
void api_users_remove(struct exchange *exchange);
void api_users_role(struct exchange *exchange);
void api_users_password(struct exchange *exchange);
void api_audit(struct exchange *exchange);

// api_machine.c
void api_runs(struct exchange *exchange);
void api_snapshot(struct exchange *exchange);
void api_series(struct exchange *exchange);
void api_report(struct exchange *exchange);
void api_console(struct exchange *exchange);
void api_plan(struct exchange *exchange);
void api_command(struct exchange *exchange);
void api_pace(struct exchange *exchange);
void api_type(struct exchange *exchange);
void api_events(struct exchange *exchange);

#endif
