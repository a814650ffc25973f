#!/usr/bin/env escript
%% The programs of Erlang's gen_sctp manual, as far as scenarios need them: what they print goes by lines.
-include_lib("kernel/include/inet_sctp.hrl").

main(["server" | Ports]) ->
    [spawn_link(fun() -> receive_all(listen(Port), fun(_, _, _) -> ok end) end) || Port <- Ports],
    timer:sleep(infinity);
main(["echo", Port]) ->
    receive_all(listen(Port), fun(S, Info, Data) -> echo(S, Info, Data) end);
main(["client", Port]) ->
    {S, Assoc} = connect(Port),
    io:format("stream 0: ~p~n", [gen_sctp:send(S, Assoc, 0, <<"Test 0">>)]),
    timer:sleep(500),
    %% Five streams were asked for, 0 to 4.
    io:format("stream 5: ~p~n", [gen_sctp:send(S, Assoc, 5, <<"Test 5">>)]),
    timer:sleep(500),
    io:format("abort: ~p~n", [gen_sctp:abort(S, Assoc)]),
    timer:sleep(500),
    gen_sctp:close(S);
main(["leave", Port]) ->
    {S, Assoc} = connect(Port),
    Abort = #sctp_sndrcvinfo{assoc_id = Assoc#sctp_assoc_change.assoc_id, flags = [abort]},
    io:format("abort: ~p~n", [gen_sctp:send(S, Abort, <<"going into \"maintenance\"">>)]),
    timer:sleep(500),
    gen_sctp:close(S);
main(["answers", Port]) ->
    {S, Assoc} = connect(Port),
    [ok = gen_sctp:send(S, #sctp_sndrcvinfo{assoc_id = Assoc#sctp_assoc_change.assoc_id, stream = N, ppid = 100 + N},
                        "Question " ++ integer_to_list(N)) || N <- [0, 1, 2, 3, 4]],
    [answer(gen_sctp:recv(S, 20000)) || _ <- [0, 1, 2, 3, 4]],
    io:format("eof: ~p~n", [gen_sctp:eof(S, Assoc)]),
    io:format("then: ~p~n", [element(2, element(4, element(2, gen_sctp:recv(S, 20000))))]);
main(["connect_init" | Ports]) ->
    {ok, S} = gen_sctp:open([{ip, {127, 0, 0, 1}}, {active, true}]),
    Peers = [list_to_integer(Port) || Port <- Ports],
    [io:format("~p: ~p~n", [Port, gen_sctp:connect_init(S, {127, 0, 0, 1}, Port, [])]) || Port <- Peers],
    outcomes(S, Peers).

%% Active mode: everything comes as messages of the process. Says hello to each peer that is up; a peer whose association
%% has ended, or never began, is done with.
outcomes(_, []) ->
    ok;
outcomes(S, Peers) ->
    receive
        {sctp, S, _, Port, {_, Change = #sctp_assoc_change{state = State, assoc_id = Id}}} ->
            io:format("~p: ~p~n", [Port, State]),
            case State of
                comm_up ->
                    ok = gen_sctp:send(S, #sctp_sndrcvinfo{assoc_id = Id, stream = 1, ppid = 46}, <<"hello">>),
                    ok = gen_sctp:eof(S, Change),
                    outcomes(S, Peers);
                _ ->
                    outcomes(S, lists:delete(Port, Peers))
            end;
        _ ->
            outcomes(S, Peers)
    after 30000 ->
        io:format("nothing happens any more~n")
    end.

listen(Port) ->
    {ok, S} = gen_sctp:open(list_to_integer(Port), [{recbuf, 65536}, {ip, {127, 0, 0, 1}}]),
    ok = gen_sctp:listen(S, true),
    io:format("listening~n"),
    S.

connect(Port) ->
    {ok, S} = gen_sctp:open([{ip, {127, 0, 0, 1}}]),
    {ok, Assoc} = gen_sctp:connect(S, {127, 0, 0, 1}, list_to_integer(Port),
                                   [{sctp_initmsg, #sctp_initmsg{num_ostreams = 5}}]),
    io:format("connected, streams out ~p~n", [Assoc#sctp_assoc_change.outbound_streams]),
    {S, Assoc}.

receive_all(S, Then) ->
    case gen_sctp:recv(S) of
        {ok, {_, _, _, #sctp_assoc_change{state = State, inbound_streams = In}}} ->
            io:format("association ~p, streams in ~p~n", [State, In]);
        {ok, {_, _, [Info], Data}} when is_binary(Data) ->
            io:format("stream ~p ppid ~p: ~s~n", [Info#sctp_sndrcvinfo.stream, Info#sctp_sndrcvinfo.ppid, Data]),
            Then(S, Info, Data);
        Other ->
            io:format("other ~p~n", [Other])
    end,
    receive_all(S, Then).

echo(S, #sctp_sndrcvinfo{stream = Stream, ppid = Ppid, assoc_id = Id}, Data) ->
    ok = gen_sctp:send(S, #sctp_sndrcvinfo{stream = Stream, ppid = Ppid, assoc_id = Id}, Data).

answer({ok, {_, _, [Info], Data}}) when is_binary(Data) ->
    io:format("answer on stream ~p ppid ~p: ~s~n", [Info#sctp_sndrcvinfo.stream, Info#sctp_sndrcvinfo.ppid, Data]).
