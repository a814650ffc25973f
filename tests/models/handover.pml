/* The hand-over of an association from one worker to another (broker/handover.h), as a model for spin.
 *
 * What is checked, in every order in which the threads can run: no message is lost, and none overtakes an older one of its
 * stream. The association is looked at twice:
 *
 *   as a destination  two workers send to it, each a stream of its own: one that has nothing to do with it, and the new owner
 *   as a source       what it sends goes to the member of a group, which may be lost at any time, gives back what it has not
 *                     delivered (MEMBER_DOWN, RETIRE, RETIRED: broker/control.c), and is followed by another member
 *
 * The steps are those of enum brk_handover_step, and each thread does in them what the code does. A worker takes turns: it
 * reads the snapshot and takes its inbox, handles what is in there, posts, and lets go of the snapshot. Publishing waits for
 * a grace period: until every worker has let go of the older one.
 *
 * Left out are refusals, which leave everything where it is, and what the stack does with what it has been given.
 *
 * tests/check_models runs it with -D SOURCE and without. Mutations, which it must find wrong:
 *   NO_GRACE  control posts LEAVE without having waited
 *   NO_HOLD   the new owner sends what comes to it before ARRIVE
 *   MIX       what the old owner kept is taken for something that came back: older than what comes back later (SOURCE only)
 *   NO_STOP   the old owner goes on reading and dispatching after STOP (SOURCE only: LEAVE is too late for that) */

#ifndef MESSAGES
#define MESSAGES 3
#endif

#define OLD   0
#define NEW   1
#define OTHER 2

mtype = { DELIVER, RETURNED, MEMBER_DOWN, RETIRE, RETIRED, WANTED, EXPECT, STOP, PUBLISH, LEAVE, ARRIVE, DONE };

chan inbox[3] = [16] of { mtype, byte, byte }; /* of a message: its number, and its stream or the member it is for */
chan control = [4] of { mtype };

/* The published snapshot, and the one that each worker holds; 0: none. */
byte version = 1, owner = OLD, member = 0;
bool held = false;
byte seen[3];

/* What the association's old owner leaves behind (`pending`, `kept`), and what waits at the new one until then. */
chan pending = [16] of { byte, byte };
chan waiting = [16] of { byte, byte };
chan kept = [16] of { byte };
chan came_back = [16] of { byte };
bool stopped = false, arrived = false;

/* What has reached its end: by stream. */
byte delivered[2];

inline deliver(stream, number)
{
    assert(number == delivered[stream] + 1); /* in order, and once */
    delivered[stream] = number
}

inline begin_turn(me)
{
    atomic {
        seen[me] = version;
        my_owner = owner;
        my_held = held;
        my_member = member;
        left = len(inbox[me])
    }
}

inline end_turn(me)
{
    seen[me] = 0
}

/* After the snapshot has been changed, which counts its version. */
inline grace_period()
{
    (seen[OLD] == 0 || seen[OLD] == version);
    (seen[NEW] == 0 || seen[NEW] == version);
    (seen[OTHER] == 0 || seen[OTHER] == version)
}

/* ---- as a destination ------------------------------------------------------------------------------- */

#ifndef SOURCE

byte posted[2]; /* by stream: 0 is the other worker's, 1 the new owner's */

active proctype Old()
{
    byte number, stream, left, my_owner, my_member;
    bool my_held, sent;
    mtype what;
    inbox[OLD]!WANTED, 0, 0;
end:
    do
    :: len(inbox[OLD]) > 0 || (!stopped && len(pending) > 0) ->
        begin_turn(OLD);
        do
        :: left > 0 ->
            inbox[OLD]?what, number, stream;
            left--;
            if
            :: what == WANTED -> control!WANTED
            :: what == DELIVER -> pending!number, stream
            :: what == STOP -> stopped = true; control!PUBLISH
            :: what == LEAVE -> inbox[NEW]!ARRIVE, 0, 0
            fi
        :: else -> break
        od;
        /* The stack takes as many as it has room for. */
        do
        :: !stopped && len(pending) > 0 -> pending?number, stream; deliver(stream, number)
        :: break
        od;
        end_turn(OLD)
    od
}

active proctype New()
{
    byte number, stream, left, my_owner, my_member;
    bool my_held;
    mtype what;
end:
    do
    :: len(inbox[NEW]) > 0 || posted[1] < MESSAGES ->
        begin_turn(NEW);
        do
        :: left > 0 ->
            inbox[NEW]?what, number, stream;
            left--;
            if
            :: what == EXPECT -> inbox[OLD]!STOP, 0, 0
            :: what == DELIVER && arrived -> deliver(stream, number)
#ifdef NO_HOLD
            :: what == DELIVER && !arrived -> deliver(stream, number)
#else
            :: what == DELIVER && !arrived -> waiting!number, stream
#endif
            :: what == ARRIVE ->
                arrived = true;
                do
                :: len(pending) > 0 -> pending?number, stream; deliver(stream, number)
                :: len(pending) == 0 && len(waiting) > 0 -> waiting?number, stream; deliver(stream, number)
                :: else -> break
                od;
                control!DONE
            fi
        :: else -> break
        od;
        if
        :: posted[1] < MESSAGES ->
            posted[1]++;
            if
            :: my_owner == OLD -> inbox[OLD]!DELIVER, posted[1], 1
            :: my_owner == NEW && arrived -> deliver(1, posted[1])
#ifdef NO_HOLD
            :: my_owner == NEW && !arrived -> deliver(1, posted[1])
#else
            :: my_owner == NEW && !arrived -> waiting!posted[1], 1
#endif
            fi
        :: true
        fi;
        end_turn(NEW)
    od
}

active proctype Other()
{
    byte left, my_owner, my_member;
    bool my_held;
end:
    do
    :: posted[0] < MESSAGES ->
        begin_turn(OTHER);
        posted[0]++;
        inbox[my_owner]!DELIVER, posted[0], 0;
        end_turn(OTHER)
    od
}

active proctype Monitor()
{
    timeout;
    assert(delivered[0] == MESSAGES && delivered[1] == MESSAGES && arrived)
}

#else

/* ---- as a source ------------------------------------------------------------------------------------ */

byte unread = MESSAGES; /* still to be read from its socket */
bool down = false;
chan parked[2] = [16] of { byte }; /* by worker: messages that no member can take now */
chan outbox = [16] of { byte };    /* of the first member, which the worker OTHER has; of the second one nothing waits */
bool lost = false;

/* A worker's group is open: what waited goes to the member, the oldest first. */
inline unpark(me)
{
    do
    :: !my_held && len(parked[me]) > 0 -> parked[me]?number; inbox[OTHER]!DELIVER, number, my_member
    :: else -> break
    od
}

/* What came back is older than what is parked. */
inline put_first(me)
{
    atomic {
        parked[me]!0; /* a mark: the end of what was parked */
        do
        :: len(returned) > 0 -> returned?number; parked[me]!number
        :: else -> break
        od;
        do
        :: parked[me]?number;
            if
            :: number == 0 -> break
            :: else -> shelf!number
            fi
        od;
        do
        :: len(shelf) > 0 -> shelf?number; parked[me]!number
        :: else -> break
        od
    }
}

/* One more is read, and dispatched. */
inline read_one(me)
{
    number = MESSAGES + 1 - unread;
    unread--;
    if
    :: my_held || len(parked[me]) > 0 -> parked[me]!number
    :: else -> inbox[OTHER]!DELIVER, number, my_member
    fi
}

active proctype Old()
{
    byte number, unused, left, my_owner, my_member;
    bool my_held, gone = false;
    mtype what;
    chan returned = [16] of { byte };
    chan shelf = [16] of { byte };
    inbox[OLD]!WANTED, 0, 0;
end:
    do
    :: len(inbox[OLD]) > 0 || (!stopped && unread > 0) || (!held && len(parked[OLD]) > 0) ->
        begin_turn(OLD);
        do
        :: left > 0 ->
            inbox[OLD]?what, number, unused;
            left--;
            if
            :: what == WANTED -> control!WANTED
            :: what == RETURNED && (stopped || my_owner == NEW) -> inbox[NEW]!RETURNED, number, 0
            :: what == RETURNED && !(stopped || my_owner == NEW) -> returned!number
            :: what == STOP ->
#ifndef NO_STOP
                stopped = true;
                put_first(OLD);
                do
                :: len(parked[OLD]) > 0 -> parked[OLD]?number; kept!number
                :: else -> break
                od;
#endif
                control!PUBLISH
            :: what == LEAVE ->
#ifdef NO_STOP
                stopped = true;
                put_first(OLD);
                do
                :: len(parked[OLD]) > 0 -> parked[OLD]?number; kept!number
                :: else -> break
                od;
#endif
                inbox[NEW]!ARRIVE, 0, 0
            fi
        :: else -> break
        od;
        put_first(OLD);
        unpark(OLD);
        do
        :: !stopped && unread > 0 -> read_one(OLD)
        :: break
        od;
        end_turn(OLD)
    od
}

active proctype New()
{
    byte number, unused, left, my_owner, my_member;
    bool my_held;
    mtype what;
    chan returned = [16] of { byte };
    chan shelf = [16] of { byte };
end:
    do
    :: len(inbox[NEW]) > 0 || (arrived && unread > 0) || (!held && len(parked[NEW]) > 0) ->
        begin_turn(NEW);
        do
        :: left > 0 ->
            inbox[NEW]?what, number, unused;
            left--;
            if
            :: what == EXPECT -> inbox[OLD]!STOP, 0, 0
#ifdef NO_HOLD
            :: what == RETURNED -> returned!number
#else
            :: what == RETURNED && arrived -> returned!number
            :: what == RETURNED && !arrived -> came_back!number
#endif
            :: what == ARRIVE ->
                arrived = true;
                do
                :: len(came_back) > 0 -> came_back?number; returned!number
#ifdef MIX
                :: len(came_back) == 0 && len(kept) > 0 -> kept?number; returned!number
#else
                :: len(kept) > 0 -> kept?number; parked[NEW]!number
#endif
                :: else -> break
                od;
                control!DONE
            fi
        :: else -> break
        od;
        put_first(NEW);
        unpark(NEW);
        do
        :: arrived && unread > 0 -> read_one(NEW)
        :: break
        od;
        end_turn(NEW)
    od
}

/* Has the members. Of the second one nothing waits: it shows the order in which it gets the messages. */
active proctype Other()
{
    byte number, to, left, my_owner, my_member;
    bool my_held;
    mtype what;
end:
    do
    :: len(inbox[OTHER]) > 0 || (!lost && len(outbox) > 0) || (lost && !down) ->
        begin_turn(OTHER);
        do
        :: left > 0 ->
            inbox[OTHER]?what, number, to;
            left--;
            if
            :: what == DELIVER && to == 0 -> outbox!number
            :: what == DELIVER && to == 1 -> deliver(0, number)
            :: what == RETIRE ->
                atomic { /* one splice: rt_inbox_post */
                    do
                    :: len(outbox) > 0 -> outbox?number; inbox[my_owner]!RETURNED, number, 0
                    :: else -> break
                    od
                };
                control!RETIRED
            fi
        :: else -> break
        od;
        do
        :: !lost && len(outbox) > 0 -> outbox?number; deliver(0, number)
        :: break
        od;
        if
        :: !lost -> lost = true
        :: true
        fi;
        if
        :: lost && !down -> down = true; control!MEMBER_DOWN
        :: else
        fi;
        end_turn(OTHER)
    od
}

active proctype Monitor()
{
    timeout;
    assert(delivered[0] == MESSAGES && arrived)
}

#endif

/* ---- control ---------------------------------------------------------------------------------------- */

active proctype Control()
{
    mtype what;
end:
    do
    :: control?what;
        if
        :: what == WANTED -> inbox[NEW]!EXPECT, 0, 0
        :: what == PUBLISH ->
            atomic { owner = NEW; version++ };
#ifndef NO_GRACE
            grace_period();
#endif
            inbox[OLD]!LEAVE, 0, 0
        :: what == MEMBER_DOWN ->
            atomic { held = true; version++ };
            grace_period();
            inbox[OTHER]!RETIRE, 0, 0
        :: what == RETIRED ->
            atomic { held = false; member = 1; version++ };
            grace_period()
        :: what == DONE
        fi
    od
}
