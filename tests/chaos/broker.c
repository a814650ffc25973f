#include "tests/chaos/broker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_SECONDS = 30, NAP_US = 20000 };

static void path_of(char out[400], const char *folder, const char *name)
{
    snprintf(out, 400, "%s/%s", folder, name);
}

static void write_config(const char *folder, const struct broker_setting *s)
{
    char path[400], config[400];
    path_of(path, folder, "new.yaml");
    path_of(config, folder, "broker.yaml");
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    kind_config(s, f);
    if (fclose(f) != 0 || rename(path, config) != 0) {
        perror(config);
        exit(2);
    }
}

static void become_broker(const char *program, const char *folder, const char *config)
{
    char path[400];
    path_of(path, folder, "broker.log");
    int log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644), nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(nothing, 1);
    dup2(log, 2);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpriority(PRIO_PROCESS, 0, 0);
    execl(program, program, "run", "-c", config, NULL);
    perror(program);
    _exit(127);
}

pid_t broker_start(const char *program, const char *folder, const struct broker_setting *s)
{
    char config[400], line[400];
    path_of(config, folder, "broker.yaml");
    write_config(folder, s);
    pid_t broker = fork();
    if (broker == 0)
        become_broker(program, folder, config);
    for (unsigned i = 0; i < READY_SECONDS * (1000000 / NAP_US); i++) {
        if (broker_logged(folder, "ready", line, sizeof line))
            return broker;
        if (waitpid(broker, NULL, WNOHANG) == broker)
            return 0;
        usleep(NAP_US);
    }
    kill(broker, SIGKILL);
    waitpid(broker, NULL, 0);
    return 0;
}

void broker_reload(pid_t broker, const char *folder, const struct broker_setting *s)
{
    write_config(folder, s);
    kill(broker, SIGHUP);
}

bool broker_logged(const char *folder, const char *event, char *out, size_t size)
{
    char path[400], line[4000], key[100];
    bool found = false;
    path_of(path, folder, "broker.log");
    snprintf(key, sizeof key, "event=%s ", event);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strstr(line, key) != NULL) {
            snprintf(out, size, "%s", line);
            found = true;
        }
    if (f != NULL)
        fclose(f);
    return found;
}

bool broker_logged_after(const char *folder, const char *first, const char *second)
{
    char path[400], line[4000];
    bool begun = false, found = false;
    path_of(path, folder, "broker.log");
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        found |= begun && strstr(line, second) != NULL;
        begun |= strstr(line, first) != NULL;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

int broker_stop(pid_t broker, unsigned seconds)
{
    int status;
    kill(broker, SIGTERM);
    for (unsigned i = 0; i < seconds * (1000000 / NAP_US); i++) {
        if (waitpid(broker, &status, WNOHANG) == broker)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        usleep(NAP_US);
    }
    kill(broker, SIGKILL);
    waitpid(broker, NULL, 0);
    return -1;
}
