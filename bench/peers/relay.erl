#!/usr/bin/env escript
%% A relay as gen_sctp's manual teaches it: a one-to-many socket that listens, each association that comes up peeled off it,
%% a socket of its own that connects for it, and for each direction a process with the manual's loop of recv and send.
%%
%%   escript relay.erl LISTEN-PORT TO-PORT [patient]
%%
%% Before OTP 26.2.5 gen_sctp:send does not wait for room in the send buffer but returns {error, eagain}, of which the manual
%% says nothing: written as its examples are, `ok = gen_sctp:send(...)`, the process fails, and its associations end.
%% `patient` tries again each millisecond.
-mode(compile).
-include_lib("kernel/include/inet_sctp.hrl").

-define(HERE, {127, 0, 0, 1}).
%% The socket options that the broker has by default.
-define(OPTIONS, [{ip, ?HERE}, {sndbuf, 4 bsl 20}, {recbuf, 4 bsl 20}, {buffer, 65536}, {sctp_nodelay, true},
                  {sctp_initmsg, #sctp_initmsg{num_ostreams = 256, max_instreams = 256}}]).

main([Listen, To | Manner]) ->
    {ok, S} = gen_sctp:open(list_to_integer(Listen), ?OPTIONS),
    ok = gen_sctp:listen(S, true),
    accept(S, list_to_integer(To), Manner).

accept(S, To, Manner) ->
    case gen_sctp:recv(S) of
        {ok, {_, _, _, Up = #sctp_assoc_change{state = comm_up}}} ->
            {ok, In} = gen_sctp:peeloff(S, Up),
            ok = gen_sctp:controlling_process(In, spawn(fun() -> pair(In, Up, To, Manner) end));
        _ ->
            ok
    end,
    accept(S, To, Manner).

pair(In, InAssoc, To, Manner) ->
    {ok, Out} = gen_sctp:open(?OPTIONS),
    {ok, OutAssoc} = gen_sctp:connect(Out, ?HERE, To, []),
    spawn_link(fun() -> pass_on(Out, In, InAssoc, Manner) end),
    pass_on(In, Out, OutAssoc, Manner),
    gen_sctp:close(Out),
    gen_sctp:close(In).

%% Until the association that it receives from has ended.
pass_on(From, To, Assoc, Manner) ->
    case gen_sctp:recv(From) of
        {ok, {_, _, [#sctp_sndrcvinfo{stream = Stream, ppid = PPID}], Data}} when is_binary(Data) ->
            Info = #sctp_sndrcvinfo{assoc_id = Assoc#sctp_assoc_change.assoc_id, stream = Stream, ppid = PPID},
            ok = send(To, Info, Data, Manner),
            pass_on(From, To, Assoc, Manner);
        {ok, {_, _, _, #sctp_assoc_change{state = State}}} when State =/= comm_up ->
            State;
        {ok, _} ->
            pass_on(From, To, Assoc, Manner);
        {error, Why} ->
            Why
    end.

send(To, Info, Data, Manner) ->
    case gen_sctp:send(To, Info, Data) of
        {error, eagain} when Manner =/= [] ->
            timer:sleep(1),
            send(To, Info, Data, Manner);
        Result ->
            Result
    end.
