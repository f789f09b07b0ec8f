/*
 * ctrctl doctor: what this kernel and host can do, what is in place, and who gets past it.
 */
#include "ctl/doctor.h"

#include "ctl/command.h"

#include <stdio.h>

int
command_doctor(const struct options *options)
{
	struct findings findings = FINDINGS_INIT;

	doctor_kernel(&findings);
	doctor_install(&findings);
	doctor_pam(&findings);
	doctor_around(&findings);
	if (findings.out_of_memory) {
		findings_free(&findings);
		return complain(CTL_FAILED, "doctor: out of memory");
	}
	if (options->json)
		finding_json(&findings, stdout);
	else
		finding_print(&findings, stdout);
	int code = finding_count(&findings, FINDING_FAIL) > 0 ? CTL_NO : CTL_OK;
	findings_free(&findings);
	return output_end(code);
}
