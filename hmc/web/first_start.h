// SPDX-License-Identifier: Apache-2.0
// What a console without users does: it makes an administrator.
#ifndef NP_HMC_WEB_FIRST_START_H
#define NP_HMC_WEB_FIRST_START_H

#include "hmc/web/web.h"

#define FIRST_USER "admin"

// When there are no users: adds FIRST_USER, a platform administrator, and gives the password made for it;
// else password is "".
enum err_code first_start(struct web *web, char password[PASSWORD_MADE_BYTES], struct err *err);

#endif
